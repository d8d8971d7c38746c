#!/bin/bash
# A job that trains one network on the GPUs of one node or several: copy it, change what is marked, and hand it in with sbatch.
# Not yet tried on a cluster; the test suite starts processes with the variables that srun would set.

#SBATCH --job-name=training       # not "bash" or "interactive": by these Lightning knows a job that starts its own processes
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=4       # one task a GPU; --ntasks is not understood
#SBATCH --gpus-per-node=4         # not --gpus-per-task, which hides the other GPUs of the node from a task
#SBATCH --cpus-per-task=5         # data.init_args.num_workers and one
#SBATCH --mem-per-cpu=4G
#SBATCH --time=12:00:00
#SBATCH --signal=SIGUSR1@90       # 90 s before the end every task saves checkpoints/last.ckpt behind its next step, and ends
#SBATCH --requeue
#SBATCH --open-mode=append        # a requeued job goes on in the same log
#SBATCH --output=%x-%j.log

# Change: how Python is found, where the corpus was read to (emojudge run, emojudge prepare) and where the run goes. Every node sees both.
source .venv/bin/activate
table=runs/first/table.parquet
folder=runs/wavlm                 # one a training

export HF_HUB_OFFLINE=1           # nodes without internet: give pretrained networks as local folders
export OMP_NUM_THREADS=1          # reading and decoding happen in the loader's own processes

# Batch sizes are those of one task: 8 utterances x 4 tasks keep the effective batch of 32.
# --ckpt_path last starts anew where there is no checkpoint yet.
srun --kill-on-bad-exit=1 emojudge fit \
  --config trainer/slurm.yaml --config data/audio.yaml --config model/wavlm_large.yaml --config experiment/recommended_acoustic.yaml \
  --data.init_args.batch_size 8 --model.init_args.micro_batches 1 \
  --data.init_args.table "$table" --trainer.default_root_dir "$folder" --trainer.enable_progress_bar false \
  --ckpt_path last
status=$?

if [ "$status" -eq 138 ]; then    # 128 + SIGUSR1: the time was up, not the training
  scontrol requeue "$SLURM_JOB_ID"
fi
exit "$status"
