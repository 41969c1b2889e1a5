#!/usr/bin/env bash
# A plan as a Slurm job array, and its merge as a job that waits for it. On the login node, in the repository:
#
#   generator/shards/slurm-array.sh PLAN SHARDS [SBATCH OPTIONS, such as --cpus-per-task=4 --time=8:00:00]
#
# The repository lies where every node sees it, with "npm ci" done and the model fetched ("npx atlas layers MODEL" does that). The same line again
# goes on where jobs were stopped, by a time limit or a fault: a shard loses at most the batch in flight. STORES and OUT are where the shards'
# stores and the atlas go, LOGS where the logs do; COSTS is a file that "atlas bench --plan PLAN --json" made on one of the nodes.
set -euo pipefail
plan=$(realpath "$1")
shards=$2
shift 2
cd "$(dirname "$0")/../.."
PATH=$PWD/node_modules/.bin:$PATH # the Node that npm installed; jobs inherit it
atlas=$(node -p 'JSON.parse(fs.readFileSync(process.argv[1], "utf8")).atlas' "$plan")
export PLAN=$plan STORES=${STORES:-data/shards/$atlas} OUT=${OUT:-data/atlases/$atlas} COSTS=${COSTS:-}
LOGS=${LOGS:-data/shards}
mkdir -p "$LOGS"

# One task for each shard; an array starts at 1, as shards do. A lost node's task is queued again.
array=$(sbatch --parsable --job-name="$atlas" --array="1-$shards" --requeue --open-mode=append --output="$LOGS/$atlas-%A-%a.log" "$@" <<'TASK'
#!/usr/bin/env bash
store=$STORES/$SLURM_ARRAY_TASK_ID-of-$SLURM_ARRAY_TASK_COUNT
# Queued again by Slurm: then this task's last process is gone, and its lock, which names another node, is nobody's.
if [ "${SLURM_RESTART_COUNT:-0}" -gt 0 ]; then rm -f "$store/run.lock"; fi
exec node generator/cli.ts run "$PLAN" --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" \
  --out "$store" --threads "${SLURM_CPUS_PER_TASK:-1}" ${COSTS:+--costs "$COSTS"}
TASK
)

# Once every task has ended well: the merge, and what needs all pictures.
merge=$(sbatch --parsable --job-name="$atlas-merge" --dependency="afterok:$array" --kill-on-invalid-dep=yes --output="$LOGS/$atlas-%j.log" "$@" <<TASK
#!/usr/bin/env bash
set -euo pipefail
node generator/cli.ts merge "\$STORES"/*-of-$shards --out "\$OUT"
node generator/cli.ts run "\$PLAN" --out "\$OUT" --threads "\${SLURM_CPUS_PER_TASK:-1}"
TASK
)
echo "array $array, merge $merge; squeue shows them, and $LOGS/$atlas-*.log say what they do"
