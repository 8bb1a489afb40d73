/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/xml.h"

#include <glib/gstdio.h>
#include <string.h>

static VitalsXml *
parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    VitalsXml *xml = vitals_xml_parse("test.xml", text, strlen(text), &error);

    g_assert_no_error(error);
    g_assert_nonnull(xml);
    return xml;
}

/* The document must be refused with exactly this message, or one that ends so if @expected begins
 * with "…". */
static void
check_refused(const char *bytes, gsize length, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VitalsXml) xml = vitals_xml_parse("test.xml", bytes, length, &error);

    g_assert_null(xml);
    g_assert_error(error, VITALS_XML_ERROR, VITALS_XML_ERROR_UNREADABLE);
    if (!g_pattern_match_simple(expected, error->message))
        g_error("'%s' does not match '%s'", error->message, expected);
}

static void
refuse(const char *text, const char *expected)
{
    check_refused(text, strlen(text), expected);
}

static void
test_tree(void)
{
    g_autoptr(VitalsXml) xml =
        parse("<domain type='kvm'>\n"
              "  <name> a&amp;b <!-- no --></name>\n"
              "  <devices>\n"
              "    <disk/><serial type='pty'/>\n"
              "    <serial type='a&lt;&amp;&#38;#38;'><target port='1'/></serial>\n"
              "  </devices>\n"
              "</domain>\n");
    const VitalsXmlNode *root = vitals_xml_root(xml);
    g_autoptr(GPtrArray) serials = vitals_xml_all(root, "devices/serial");
    g_autoptr(GPtrArray) devices = vitals_xml_all(root, "devices/*");
    g_autoptr(GPtrArray) none = vitals_xml_all(root, "devices/none/target");

    g_assert_cmpstr(vitals_xml_name(root), ==, "domain");
    g_assert_cmpstr(vitals_xml_attribute(root, "type"), ==, "kvm");
    g_assert_null(vitals_xml_attribute(root, "typ"));
    g_assert_cmpstr(vitals_xml_value(root, "@type"), ==, "kvm");
    g_assert_cmpstr(vitals_xml_value(root, "name"), ==, "a&b");
    g_assert_cmpstr(vitals_xml_text(root), ==, "");
    g_assert_cmpuint(serials->len, ==, 2);
    g_assert_cmpuint(devices->len, ==, 3);
    g_assert_cmpuint(none->len, ==, 0);
    g_assert_cmpstr(vitals_xml_attribute(serials->pdata[1], "type"), ==, "a<&&#38;");
    g_assert_cmpstr(vitals_xml_value(serials->pdata[1], "target/@port"), ==, "1");
    g_assert_true(vitals_xml_first(root, "devices/serial") == serials->pdata[0]);
    g_assert_cmpstr(vitals_xml_value(root, "devices/serial/target/@port"), ==, "1");
    g_assert_null(vitals_xml_value(root, "devices/serial/@none"));
    g_assert_null(vitals_xml_first(NULL, "a"));
}

static void
test_position(void)
{
    g_autoptr(VitalsXml) xml = parse("<?xml version='1.0'?>\r\n"
                                     "<!-- < -->\r\n"
                                     "<domain><a/>\r\n"
                                     "  <näme/>\xc3\xa4<b\r\n"
                                     "   c='>'\r\n"
                                     "   d='2'/>\r\n"
                                     "</domain>");
    const VitalsXmlNode *root = vitals_xml_root(xml);
    const VitalsXmlNode *b = vitals_xml_first(root, "b");
    const char *line;
    gsize length = 0;

    g_assert_cmpuint(vitals_xml_line(root), ==, 3);
    g_assert_cmpuint(vitals_xml_column(root), ==, 1);
    g_assert_cmpuint(vitals_xml_column(vitals_xml_first(root, "a")), ==, 9);
    g_assert_cmpuint(vitals_xml_line(b), ==, 4);
    g_assert_cmpuint(vitals_xml_column(b), ==, 11);

    line = vitals_xml_source_line(xml, 5, &length);
    g_assert_cmpmem(line, length, "   c='>'", 8);
    line = vitals_xml_source_line(xml, 7, &length);
    g_assert_cmpmem(line, length, "</domain>", 9);
    g_assert_null(vitals_xml_source_line(xml, 8, &length));
    g_assert_null(vitals_xml_source_line(xml, 0, &length));
}

/* libxml2's own tree says 65535 for all lines above. */
static void
test_position_far(void)
{
    g_autoptr(GString) text = g_string_new("<domain>");
    g_autoptr(VitalsXml) xml = NULL;

    for (int i = 0; i < 70000; i++)
        g_string_append(text, "<!-- -->\n");
    g_string_append(text, " <name/></domain>");
    xml = parse(text->str);

    g_assert_cmpuint(vitals_xml_line(vitals_xml_first(vitals_xml_root(xml), "name")), ==, 70001);
    g_assert_cmpuint(vitals_xml_column(vitals_xml_first(vitals_xml_root(xml), "name")), ==, 2);

    g_string_append(text, "<");
    refuse(text->str, "test.xml:70001: *");
}

/* A start tag longer than the parser's window over its input, behind much that it has let go of. */
static void
test_position_long_tag(void)
{
    g_autofree char *blanks = g_strnfill(3000, '\n');
    g_autofree char *value = g_strnfill(100000, 'x');
    g_autofree char *text =
        g_strdup_printf("<domain>%s<a b='%s'\n c='%s'/><z/></domain>", blanks, value, value);
    g_autoptr(VitalsXml) xml = parse(text);
    const VitalsXmlNode *root = vitals_xml_root(xml);

    g_assert_cmpuint(vitals_xml_line(vitals_xml_first(root, "a")), ==, 3001);
    g_assert_cmpuint(vitals_xml_line(vitals_xml_first(root, "z")), ==, 3002);
    g_assert_cmpuint(strlen(vitals_xml_value(root, "a/@c")), ==, 100000);
}

static void
test_namespace(void)
{
    g_autoptr(VitalsXml) xml = parse("<domain xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'>"
                                     "<q:devices><serial/></q:devices><x:devices/>"
                                     "<metadata><p q:a='1' a='2' xmlns='urn:p'/></metadata>"
                                     "</domain>");
    const VitalsXmlNode *root = vitals_xml_root(xml);

    g_assert_null(vitals_xml_first(root, "devices"));
    g_assert_nonnull(vitals_xml_first(root, "x:devices"));
    g_assert_nonnull(
        vitals_xml_first(root, "{http://libvirt.org/schemas/domain/qemu/1.0}devices/serial"));
    g_assert_null(vitals_xml_first(root, "metadata/p"));
    g_assert_cmpstr(vitals_xml_value(root, "metadata/{urn:p}p/@a"), ==, "2");
}

static void
test_encoding(void)
{
    static const char latin[] = "<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe4</a>";
    static const char utf8[] = "\xef\xbb\xbf<?xml version='1.0' encoding='utf-8'?><a>\xc3\xa4</a>";
    static const char wide[] = "\xff\xfe<\0a\0>\0\xe4\0<\0/\0a\0>\0";
    g_autoptr(VitalsXml) one = vitals_xml_parse("1", latin, sizeof latin - 1, NULL);
    g_autoptr(VitalsXml) two = vitals_xml_parse("2", utf8, sizeof utf8 - 1, NULL);
    g_autoptr(VitalsXml) three = vitals_xml_parse("3", wide, sizeof wide - 1, NULL);

    g_assert_cmpstr(vitals_xml_text(vitals_xml_root(one)), ==, "ä");
    g_assert_cmpuint(vitals_xml_column(vitals_xml_root(one)), ==, 44);
    g_assert_cmpstr(vitals_xml_text(vitals_xml_root(two)), ==, "ä");
    g_assert_cmpstr(vitals_xml_text(vitals_xml_root(three)), ==, "ä");

    refuse("<?xml version='1.0' encoding='klingon'?><a/>", "test.xml: *encoding 'klingon'*");
    refuse("<a>\n\xff</a>", "test.xml:2: *");
}

static void
test_malformed(void)
{
    refuse("", "test.xml:1: document is empty");
    refuse("   \n", "test.xml*");
    refuse("no xml", "test.xml:1: *");
    refuse("<domain>\n<name>x</domain>", "test.xml:2: opening and ending tag mismatch*");
    refuse("<domain>\n\n", "test.xml:3: *");
    refuse("<domain/>\n<domain/>", "test.xml:2: *");
    refuse("<domain a='1' a='2'/>", "test.xml:1: *");
    refuse("<domain>&what;</domain>", "test.xml:1: *");
    refuse("<domain>\x1b[2J</domain>", "test.xml:1: *");
    refuse("<a></\x1b[2J\n", "test.xml:1: *");
    check_refused("<a>\n\0</a>", 9, "test.xml:2: there is a NUL byte");
}

static void
test_source_printable(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(vitals_xml_parse("\x1b[31mred\n.xml", "<", 1, &error));
    g_assert_null(strchr(error->message, '\x1b'));
    g_assert_true(g_str_has_prefix(error->message, "\\x1b[31mred\\x0a.xml:1: "));
}

static void
test_entities(void)
{
    g_autofree char *name = NULL;
    g_autofree char *text = NULL;
    gint fd = g_file_open_tmp(NULL, &name, NULL);

    refuse("<!DOCTYPE d [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>\n"
           "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'><!ENTITY d '&c;&c;&c;&c;&c;&c;&c;'>]>\n"
           "<domain>&d;</domain>",
           "test.xml:1: entity declarations are refused*");
    refuse("<!DOCTYPE d [<!ENTITY % p '<!ENTITY a \"x\">'>%p;]><d>&a;</d>",
           "test.xml:1: entity declarations are refused*");
    refuse("<!DOCTYPE d [<!NOTATION n SYSTEM 'x'><!ENTITY a SYSTEM 'x' NDATA n>]><d/>",
           "test.xml:1: entity declarations are refused*");

    g_assert_cmpint(fd, >=, 0);
    g_close(fd, NULL);
    g_assert_true(g_file_set_contents(name, "secret", -1, NULL));
    text = g_strdup_printf("<!DOCTYPE d [<!ENTITY a SYSTEM 'file://%s'>]><d>&a;</d>", name);
    refuse(text, "test.xml:1: entity declarations are refused*");
    g_unlink(name);
}

static void
test_limit_bytes(void)
{
    gsize length = 100 * 1024 * 1024;
    g_autofree char *text = g_malloc(length);
    gint64 begin = g_get_monotonic_time();

    memset(text, 'x', length);
    memcpy(text, "<domain>", 8);
    check_refused(text, length, "test.xml: larger than 10 MiB*");
    g_assert_cmpint(g_get_monotonic_time() - begin, <, 5 * G_USEC_PER_SEC);
}

static char *
repeat(const char *what, guint times)
{
    g_autoptr(GString) out = g_string_new("<d>\n");

    for (guint i = 0; i < times; i++)
        g_string_append(out, what);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static void
test_limit_shape(void)
{
    g_autofree char *deep = repeat("<d>", 10000);
    g_autofree char *wide = repeat("<d/>\n", VITALS_XML_MAX_ELEMENTS + 1);
    g_autofree char *many = repeat(" a='1'", 100000);
    g_autofree char *element = g_strconcat("<d", many + 4, "/>", NULL);

    refuse(deep, "test.xml:2: elements are nested more than 100 deep");
    refuse(wide, "test.xml:100001: there are more than 100000 elements");
    refuse(element, "test.xml:1: an element has more than 100 attributes");
}

/* What looks like attributes in text, comments and values is none. */
static void
test_limit_attributes_elsewhere(void)
{
    g_autofree char *quotes = repeat(" a='1'", 200);
    g_autofree char *text =
        g_strdup_printf("<d b=\"%s\"><!-- <b don't %s --><![CDATA[ <c %s ]]>%s<e f='>'/></d>",
                        quotes + 4, quotes, quotes, quotes + 4);
    g_autoptr(VitalsXml) xml = parse(text);

    g_assert_cmpstr(vitals_xml_value(vitals_xml_root(xml), "e/@f"), ==, ">");
}

/* All on one line: counting each column from the line's begin would take minutes. */
static void
test_one_line(void)
{
    g_autofree char *many = repeat("<d>            <e/>            </d>", 40000);
    g_autofree char *text = g_strconcat(g_strdelimit(many, "\n", ' '), "<f/></d>", NULL);
    gint64 begin = g_get_monotonic_time();
    g_autoptr(VitalsXml) xml = parse(text);

    g_assert_cmpint(g_get_monotonic_time() - begin, <, 5 * G_USEC_PER_SEC);
    g_assert_cmpuint(vitals_xml_column(vitals_xml_first(vitals_xml_root(xml), "f")), ==,
                     strlen(text) - strlen("<f/></d>") + 1);
}

static gpointer
parse_often(gpointer data)
{
    for (int i = 0; i < 200; i++) {
        g_autoptr(VitalsXml) xml = parse("<domain><a b='c'/></domain>");

        g_assert_cmpstr(vitals_xml_value(vitals_xml_root(xml), "a/@b"), ==, "c");
        refuse("<a>", "test.xml:1: *");
    }
    return NULL;
}

static void
test_threads(void)
{
    GThread *threads[4];

    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("parse", parse_often, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/xml/threads", test_threads);
    g_test_add_func("/xml/tree", test_tree);
    g_test_add_func("/xml/position", test_position);
    g_test_add_func("/xml/position/far", test_position_far);
    g_test_add_func("/xml/position/long-tag", test_position_long_tag);
    g_test_add_func("/xml/namespace", test_namespace);
    g_test_add_func("/xml/encoding", test_encoding);
    g_test_add_func("/xml/malformed", test_malformed);
    g_test_add_func("/xml/source-printable", test_source_printable);
    g_test_add_func("/xml/entities", test_entities);
    g_test_add_func("/xml/limit/bytes", test_limit_bytes);
    g_test_add_func("/xml/limit/shape", test_limit_shape);
    g_test_add_func("/xml/limit/attributes-elsewhere", test_limit_attributes_elsewhere);
    g_test_add_func("/xml/limit/one-line", test_one_line);
    return g_test_run();
}
