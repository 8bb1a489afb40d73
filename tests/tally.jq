# SPDX-License-Identifier: LGPL-2.1-or-later
# Meson's testlog.json files (jq -s) to one line: "N passed, N failed, N skipped". A program that speaks TAP
# counts with each of its tests, any other as one. A program that meson calls failed counts as at least one
# failure, as one that crashes says nothing of the tests it did not reach.

def points:
    (.stdout // "") | split("\n")
    | map(capture("^(?<not>not )?ok\\b(?<rest>.*)$"))
    | map(if .rest | test("# *SKIP"; "i") then "skipped"
          elif .not == null then "passed"
          else "failed" end);

def verdict:
    if .result == "SKIP" then "skipped"
    elif .result == "OK" or .result == "EXPECTEDFAIL" then "passed"
    else "failed" end;

def tally:
    verdict as $verdict
    | points as $points
    | if $verdict == "failed" and ($points | index("failed") | not) then $points + ["failed"]
      elif $points == [] then [$verdict]
      else $points end;

map(tally) | add // []
| group_by(.) | map({(.[0]): length}) | add // {}
| "\(.passed // 0) passed, \(.failed // 0) failed, \(.skipped // 0) skipped"
