#!/bin/sh
# The ten units of a layer that an observer recognises most surely, with curl and jq.
# sh best-units.sh https://atlas.example/an-atlas/a-layer/
set -eu
curl --silent --show-error --fail "$1layer.json" | jq -r '
  .units
  | map(select(.measures.natural_2afc != null))
  | sort_by(-.measures.natural_2afc)[:10][]
  | [.id, .arm, .measures.natural_2afc] | @tsv'
