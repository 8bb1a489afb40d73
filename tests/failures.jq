# SPDX-License-Identifier: LGPL-2.1-or-later
# What each test that failed said of it, in few lines: for the end of a long log, of which some keep only that.
# Input: the lines of meson's log-*.json.
def telling: test("^not ok|Bail out!|ERROR|CRITICAL|Sanitizer|assertion|TIMEOUT|FAILED");
.[]
| select(.result | IN("OK", "SKIP", "EXPECTEDFAIL") | not)
| "\(.name): \(.result)",
  ((.stdout // "" | split("\n") | map(select(startswith("# "))) | .[-4:])
   + ((.stdout // "") + "\n" + (.stderr // "") | split("\n") | map(select(telling)) | .[:20])
   | .[] | "    " + .[:400])
