/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/hypervisor-libvirt.h"
#include "monitor/hypervisor-libvirt-loop.h"
#include "config/text.h"
#include "probes/signs.h"

#include <libvirt/libvirt-qemu.h>
#include <libvirt/virterror.h>
#include <string.h>

/* The files hypervisor-libvirt*.c are the only ones that call libvirt. */

typedef VitalsLibvirtConnection Connection;

typedef struct {
    VitalsHypervisor base;
    char *uri;
} Hypervisor;

/* A connection keeps the handles of so many domains at most; they are dropped together, as those that have
 * ended are not told apart. */
#define DOMAINS_KEPT 4096

/* Keep-alive finds a libvirtd that is there but does not answer: 3 messages, 5 s apart. */
#define KEEPALIVE_INTERVAL 5
#define KEEPALIVE_COUNT 3

/* ---- errors ---- */

VitalsHypervisorError
vitals_libvirt_error_code(const virError *error, virConnectPtr connection)
{
    /* taken first: every call of libvirt's API, the next one too, resets this thread's error */
    int code = error ? error->code : VIR_ERR_OK;

    if (connection && virConnectIsAlive(connection) == 0)
        return VITALS_HYPERVISOR_ERROR_DISCONNECTED;

    switch (code) {
    case VIR_ERR_NO_DOMAIN:
        return VITALS_HYPERVISOR_ERROR_GONE;
    case VIR_ERR_NO_SUPPORT:
    case VIR_ERR_OPERATION_UNSUPPORTED:
    case VIR_ERR_ARGUMENT_UNSUPPORTED:
    case VIR_ERR_CONFIG_UNSUPPORTED:
        return VITALS_HYPERVISOR_ERROR_UNSUPPORTED;
    case VIR_ERR_OPERATION_TIMEOUT:
        return VITALS_HYPERVISOR_ERROR_TIMED_OUT;
    case VIR_ERR_RPC:
    case VIR_ERR_NO_CONNECT:
        return VITALS_HYPERVISOR_ERROR_DISCONNECTED;
    default:
        return VITALS_HYPERVISOR_ERROR_FAILED;
    }
}

void
vitals_libvirt_take_error(GError **error, virConnectPtr connection, const char *what)
{
    const virError *last = virGetLastError();
    g_autofree char *message = vitals_text_printable(last ? last->message : "unknown error", -1);

    g_set_error(error, VITALS_HYPERVISOR_ERROR, vitals_libvirt_error_code(last, connection),
                "%s: %s", what, message);
    virResetLastError();
}

static void
ignore_error(void *data, virErrorPtr error)
{
}

/* ---- connections ---- */

static void
release_domain(gpointer domain)
{
    virDomainFree(domain);
}

static VitalsConnection *
connect_to(VitalsHypervisor *base, GError **error)
{
    Hypervisor *hypervisor = (Hypervisor *)base;
    virConnectPtr connection = virConnectOpen(hypervisor->uri);
    Connection *self;

    if (!connection) {
        const virError *last = virGetLastError();
        g_autofree char *message = vitals_text_printable(last ? last->message : "", -1);

        g_set_error(error, VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_DISCONNECTED,
                    "cannot connect to %s: %s", hypervisor->uri, message);
        virResetLastError();
        return NULL;
    }
    /* In-process drivers (test:///) have no connection to keep alive: an error is no matter. */
    if (virConnectSetKeepAlive(connection, KEEPALIVE_INTERVAL, KEEPALIVE_COUNT) < 0)
        virResetLastError();

    self = g_new0(Connection, 1);
    self->base.hypervisor = base;
    self->connection = connection;
    self->shutoff_keeps_panic = g_strcmp0(virConnectGetType(connection), "QEMU") != 0;
    self->callbacks = g_array_new(FALSE, FALSE, sizeof(int));
    self->domains = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, release_domain);
    return &self->base;
}

virDomainPtr
vitals_libvirt_look_up(Connection *self, const char *uuid, GError **error)
{
    virDomainPtr domain = virDomainLookupByUUIDString(self->connection, uuid);

    if (!domain)
        vitals_libvirt_take_error(error, self->connection, "cannot look the domain up");
    return domain;
}

virDomainPtr
vitals_libvirt_recall(Connection *self, const char *uuid, GError **error)
{
    virDomainPtr domain = g_hash_table_lookup(self->domains, uuid);

    if (!domain) {
        domain = vitals_libvirt_look_up(self, uuid, error);
        if (!domain)
            return NULL;
        if (g_hash_table_size(self->domains) >= DOMAINS_KEPT)
            g_hash_table_remove_all(self->domains);
        g_hash_table_insert(self->domains, g_strdup(uuid), domain);
    }
    virDomainRef(domain);
    return domain;
}

void
vitals_libvirt_forget(Connection *self, const char *uuid)
{
    g_hash_table_remove(self->domains, uuid);
}

virDomainPtr
vitals_libvirt_look_up_run(Connection *self, const char *uuid, int id, GError **error)
{
    virDomainPtr domain = vitals_libvirt_look_up(self, uuid, error);

    if (!domain || (int)virDomainGetID(domain) == id)
        return domain;
    virResetLastError();
    virDomainFree(domain);
    g_set_error_literal(error, VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_GONE,
                        "the guest was started anew meanwhile, or has ended");
    return NULL;
}

/* ---- one domain ---- */

static char *
definition(VitalsConnection *base, const char *domain_name, gboolean inactive, GError **error)
{
    Connection *self = (Connection *)base;
    g_autoptr(virDomain) domain = virDomainLookupByUUIDString(self->connection, domain_name);
    char *xml;

    if (!domain)
        domain = virDomainLookupByName(self->connection, domain_name);
    if (!domain) {
        vitals_libvirt_take_error(error, self->connection, "cannot look the domain up");
        return NULL;
    }
    virResetLastError();
    xml = virDomainGetXMLDesc(domain, inactive ? VIR_DOMAIN_XML_INACTIVE : 0);
    if (!xml)
        vitals_libvirt_take_error(error, self->connection, "cannot read the definition");
    return xml;
}

static void
take_memory_stat(VitalsSample *sample, const virDomainMemoryStatStruct *stat)
{
    switch (stat->tag) {
    case VIR_DOMAIN_MEMORY_STAT_LAST_UPDATE: /* seconds */
        sample->parts[VITALS_PART_BALLOON] = VITALS_FACT_AVAILABLE;
        sample->last_update = (gint64)stat->val;
        break;
    case VIR_DOMAIN_MEMORY_STAT_ACTUAL_BALLOON: /* all others in KiB */
        sample->actual = stat->val * 1024;
        break;
    case VIR_DOMAIN_MEMORY_STAT_AVAILABLE:
        sample->available = stat->val * 1024;
        sample->has_counters = TRUE;
        break;
    case VIR_DOMAIN_MEMORY_STAT_UNUSED:
        sample->unused = stat->val * 1024;
        sample->has_counters = TRUE;
        break;
    case VIR_DOMAIN_MEMORY_STAT_USABLE:
        sample->usable = stat->val * 1024;
        break;
    default:
        break;
    }
}

static VitalsSample *
balloon(VitalsConnection *base, const char *uuid, GError **error)
{
    Connection *self = (Connection *)base;
    virDomainMemoryStatStruct stats[VIR_DOMAIN_MEMORY_STAT_NR];
    g_autoptr(VitalsSample) sample = NULL;
    g_autoptr(virDomain) domain = vitals_libvirt_recall(self, uuid, error);
    int count;

    if (!domain)
        return NULL;

    sample = vitals_sample_new(g_get_monotonic_time(), g_get_real_time());
    vitals_libvirt_ask_control(domain, sample);
    if (sample->control == VITALS_CONTROL_OCCUPIED || sample->control == VITALS_CONTROL_ERROR)
        return g_steal_pointer(&sample);
    /* Without a balloon there is no stamp at all, which is not the same as a stamp of 0. */
    sample->parts[VITALS_PART_BALLOON] = VITALS_FACT_ABSENT;
    count = virDomainMemoryStats(domain, stats, VIR_DOMAIN_MEMORY_STAT_NR, 0);
    if (count < 0) {
        vitals_libvirt_take_error(error, self->connection, "cannot read the balloon's figures");
        vitals_libvirt_forget(self, uuid);
        return NULL;
    }
    for (int i = 0; i < count; i++)
        take_memory_stat(sample, &stats[i]);
    return g_steal_pointer(&sample);
}

/* libvirt has one error code for an agent that left its port and for one that is stuck; only the message
 * differs (measured, fault-matrix section 1). Where a libvirtd translates it, both are "unavailable". */
static gboolean
agent_failure(const virError *error, VitalsAgent *ret_agent)
{
    if (!error || error->code != VIR_ERR_AGENT_UNRESPONSIVE)
        return FALSE;
    *ret_agent = error->message && strstr(error->message, "not connected")
                     ? VITALS_AGENT_DISCONNECTED
                     : VITALS_AGENT_UNAVAILABLE;
    return TRUE;
}

static VitalsSample *
ping_agent(VitalsConnection *base, const char *uuid, guint seconds, GError **error)
{
    Connection *self = (Connection *)base;
    g_autoptr(VitalsSample) sample = NULL;
    g_autoptr(virDomain) domain = vitals_libvirt_look_up(self, uuid, error);
    const virError *last;
    char *reply;

    if (!domain)
        return NULL;
    sample = vitals_sample_new(g_get_monotonic_time(), g_get_real_time());
    sample->parts[VITALS_PART_AGENT] = VITALS_FACT_AVAILABLE;
    /* as good as guest-ping, and it tells something: agents have known both since the same release */
    reply = virDomainQemuAgentCommand(domain, "{\"execute\":\"guest-fsfreeze-status\"}",
                                      (int)seconds, 0);
    if (reply) {
        sample->fs_frozen = strstr(reply, "\"frozen\"") != NULL;
        free(reply);
        sample->agent = VITALS_AGENT_ANSWERED;
        return g_steal_pointer(&sample);
    }
    last = virGetLastError();
    if (last && last->message && strstr(last->message, "unable to execute QEMU agent command")) {
        sample->agent = VITALS_AGENT_REFUSED;
    } else if (!agent_failure(last, &sample->agent)) {
        vitals_libvirt_take_error(error, self->connection, "cannot ping the guest agent");
        return NULL;
    }
    virResetLastError();
    return g_steal_pointer(&sample);
}

/* A CPU that waits with interrupts off is dead, or the guest's kernel does not use it. @number is its APIC's as
 * well where the guest has no topology with gaps; where it has, the monitor knows of no such one. */
static gboolean
is_offline(virDomainPtr domain, guint number)
{
    g_autofree char *command = g_strdup_printf("info lapic %u", number);
    char *text = NULL;
    gboolean off;

    if (virDomainQemuMonitorCommand(domain, command, &text, VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP) <
        0) {
        virResetLastError();
        return FALSE;
    }
    off = vitals_registers_apic_is_off(text);
    free(text);
    return off;
}

/* Each takes a question of its own: no more than are judged. */
static void
find_offline(virDomainPtr domain, GArray *list)
{
    for (guint i = 0; i < MIN(list->len, VITALS_LOOKED_AT_MAX); i++) {
        VitalsRegisters *registers = &g_array_index(list, VitalsRegisters, i);

        if (registers->halted && registers->interrupts_off)
            registers->offline = is_offline(domain, i);
    }
}

static VitalsSample *
registers(VitalsConnection *base, const char *uuid, GError **error)
{
    Connection *self = (Connection *)base;
    g_autoptr(VitalsSample) sample = NULL;
    g_autoptr(GArray) list = NULL;
    g_autoptr(virDomain) domain = vitals_libvirt_look_up(self, uuid, error);
    char *text = NULL;

    if (!domain)
        return NULL;
    sample = vitals_sample_new(g_get_monotonic_time(), g_get_real_time());
    if (virDomainQemuMonitorCommand(domain, "info registers -a", &text,
                                    VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP) < 0) {
        vitals_libvirt_take_error(error, self->connection, "cannot read the registers");
        return NULL;
    }
    list = vitals_registers_parse(text, VITALS_LIBVIRT_VCPUS_MAX);
    free(text);
    find_offline(domain, list);
    sample->parts[VITALS_PART_REGISTERS] =
        list->len ? VITALS_FACT_AVAILABLE : VITALS_FACT_UNSUPPORTED;
    sample->n_registers = list->len;
    sample->registers = (VitalsRegisters *)g_array_steal(list, NULL);
    return g_steal_pointer(&sample);
}

static gboolean
set_balloon_period(VitalsConnection *base, const char *uuid, guint seconds, GError **error)
{
    Connection *self = (Connection *)base;
    g_autoptr(virDomain) domain = vitals_libvirt_look_up(self, uuid, error);

    if (!domain)
        return FALSE;
    if (virDomainSetMemoryStatsPeriod(domain, (int)seconds, VIR_DOMAIN_AFFECT_LIVE) < 0) {
        vitals_libvirt_take_error(error, self->connection, "cannot set the balloon's period");
        return FALSE;
    }
    return TRUE;
}

static gboolean
dump(VitalsConnection *base, const char *uuid, int id, const char *path, VitalsDumpFormat format,
     GError **error)
{
    Connection *self = (Connection *)base;
    g_autoptr(virDomain) domain = vitals_libvirt_look_up_run(self, uuid, id, error);
    guint native = format == VITALS_DUMP_KDUMP_ZLIB ? VIR_DOMAIN_CORE_DUMP_FORMAT_KDUMP_ZLIB
                                                    : VIR_DOMAIN_CORE_DUMP_FORMAT_RAW;

    if (!domain)
        return FALSE;
    if (virDomainCoreDumpWithFormat(domain, path, native, VIR_DUMP_MEMORY_ONLY) < 0) {
        vitals_libvirt_take_error(error, self->connection, "cannot dump the guest");
        return FALSE;
    }
    return TRUE;
}

/* Whether its own fault paused it. */
static gboolean
is_stopped(int state, int reason)
{
    return state == VIR_DOMAIN_CRASHED ||
           (state == VIR_DOMAIN_PAUSED &&
            (reason == VIR_DOMAIN_PAUSED_CRASHED || reason == VIR_DOMAIN_PAUSED_WATCHDOG ||
             reason == VIR_DOMAIN_PAUSED_IOERROR));
}

/* Looks once more, right before it is touched: somebody may have paused the guest since to look at it, or be
 * saving or migrating it. A dump that hangs is no such thing. */
static gboolean
check_left_to_us(virDomainPtr domain, gboolean *ret_stopped, GError **error)
{
    int state = VIR_DOMAIN_NOSTATE;
    int reason = 0;

    if (virDomainGetState(domain, &state, &reason, 0) < 0) {
        vitals_libvirt_take_error(error, virDomainGetConnect(domain), "cannot read the state");
        return FALSE;
    }
    *ret_stopped = is_stopped(state, reason);
    if (state != VIR_DOMAIN_PAUSED || *ret_stopped || reason == VIR_DOMAIN_PAUSED_DUMP)
        return TRUE;
    g_set_error_literal(error, VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_FAILED,
                        "somebody has paused the guest meanwhile, or saves or migrates it");
    return FALSE;
}

/* A guest that its own crash paused is still paused after the reset. */
static int
reset(virDomainPtr domain, gboolean stopped)
{
    if (virDomainReset(domain, 0) < 0)
        return -1;
    return stopped ? virDomainResume(domain) : 0;
}

/* A domain without a definition is gone once it is destroyed: there is nothing to start again. */
static gboolean
check_persistent(virDomainPtr domain, GError **error)
{
    if (virDomainIsPersistent(domain) == 1)
        return TRUE;
    g_set_error_literal(error, VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_UNSUPPORTED,
                        "the domain is transient and could not be started again");
    return FALSE;
}

/* Somebody may have started it meanwhile. */
static gboolean
start(Connection *self, const char *uuid, GError **error)
{
    g_autoptr(virDomain) domain = vitals_libvirt_look_up(self, uuid, error);
    int active = domain ? virDomainIsActive(domain) : -1;

    if (domain && (active < 0 || (active == 0 && virDomainCreate(domain) < 0))) {
        vitals_libvirt_take_error(error, self->connection, "cannot start the guest");
        return FALSE;
    }
    return domain != NULL;
}

static gboolean
act_on_run(Connection *self, const char *uuid, int id, VitalsAction action, GError **error)
{
    g_autoptr(virDomain) domain = vitals_libvirt_look_up_run(self, uuid, id, error);
    gboolean stopped = FALSE;
    int result = 0;

    if (!domain || !check_left_to_us(domain, &stopped, error))
        return FALSE;
    switch (action) {
    case VITALS_ACTION_INJECT_NMI:
        result = virDomainInjectNMI(domain, 0);
        break;
    case VITALS_ACTION_RESET:
        result = reset(domain, stopped);
        break;
    case VITALS_ACTION_DESTROY:
        result = virDomainDestroy(domain);
        break;
    case VITALS_ACTION_RESTART:
        if (!check_persistent(domain, error))
            return FALSE;
        result = virDomainDestroy(domain) < 0 ? -1 : virDomainCreate(domain);
        break;
    case VITALS_ACTION_NONE:
    case VITALS_ACTION_START:
        break;
    }
    if (result < 0)
        vitals_libvirt_take_error(error, self->connection, vitals_action_name(action));
    return result >= 0;
}

static gboolean
act(VitalsConnection *base, const char *uuid, int id, VitalsAction action, GError **error)
{
    Connection *self = (Connection *)base;

    return action == VITALS_ACTION_START ? start(self, uuid, error)
                                         : act_on_run(self, uuid, id, action, error);
}

/* ---- the end of a connection ---- */

static void
disconnect(VitalsConnection *base)
{
    Connection *self = (Connection *)base;

    if (!self)
        return;
    g_hash_table_unref(self->domains);
    if (self->connection) {
        vitals_libvirt_unsubscribe(self);
        virConnectClose(self->connection);
        virResetLastError();
    }
    g_array_unref(self->callbacks);
    g_free(self);
}

/* ---- the driver ---- */

static void
hypervisor_free(VitalsHypervisor *base)
{
    Hypervisor *self = (Hypervisor *)base;

    g_free(self->uri);
    g_free(self);
}

static const VitalsDriver driver = {
    .name = "libvirt",
    .connect = connect_to,
    .disconnect = disconnect,
    .subscribe = vitals_libvirt_subscribe,
    .sweep = vitals_libvirt_sweep,
    .survey = vitals_libvirt_survey,
    .convert = vitals_libvirt_convert,
    .read_guest_file = vitals_libvirt_read_guest_file,
    .definition = definition,
    .check = vitals_libvirt_check,
    .whole_definition = vitals_libvirt_whole_definition,
    .redefine = vitals_libvirt_redefine,
    .balloon = balloon,
    .block = vitals_libvirt_block,
    .queues = vitals_libvirt_queues,
    .ping_agent = ping_agent,
    .registers = registers,
    .kvm = vitals_libvirt_kvm,
    .screenshot = vitals_libvirt_screenshot,
    .messages = vitals_libvirt_messages,
    .set_balloon_period = set_balloon_period,
    .dump = dump,
    .progress = vitals_libvirt_progress,
    .job = vitals_libvirt_job,
    .act = act,
    .free = hypervisor_free,
};

VitalsHypervisor *
vitals_hypervisor_libvirt_new(const char *uri)
{
    static gboolean joined;
    Hypervisor *self = g_new0(Hypervisor, 1);

    if (!joined) {
        /* libvirt prints errors by itself unless told otherwise */
        virSetErrorFunc(NULL, ignore_error);
        vitals_libvirt_loop_join();
        joined = TRUE;
    }
    vitals_hypervisor_init(&self->base, &driver);
    self->uri = g_strdup(uri);
    return &self->base;
}
