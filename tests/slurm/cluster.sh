# A real Slurm of two nodes on this one machine, for tests: unprivileged, below a scratch folder, with its own munge. Sourced after lib.sh.
# slurm_start makes it and sets SLURM_CONF; slurm_stop, called on exit, ends every process of it. Skips where Slurm is not installed.

slurm_write_configuration() {
  local host user
  host=$(hostname -s)
  user=$(id -un)
  # The node's own temporary folder: two nodes on one host would share, and so corrupt, Open MPI's shared-memory files.
  cat >"$cluster/taskprolog.sh" <<PROLOG
#!/bin/sh
echo "export OMPI_MCA_btl_vader_backing_directory=$cluster/tmp/\$SLURMD_NODENAME"
echo "export OMPI_MCA_orte_tmpdir_base=$cluster/tmp/\$SLURMD_NODENAME"
echo "export OMPI_MCA_btl_tcp_if_include=lo"
PROLOG
  chmod 755 "$cluster/taskprolog.sh"
  cat >"$cluster/slurm.conf" <<CONF
ClusterName=rftest
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=26817
SlurmUser=$user
SlurmdUser=$user
AuthInfo=socket=$cluster/run/munge.sock,cred_expire=5
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
TaskProlog=$cluster/taskprolog.sh
MpiDefault=pmix
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
ReturnToService=2
SlurmdTimeout=10
KillWait=5
SchedulerParameters=batch_sched_delay=1,sched_interval=2
StateSaveLocation=$cluster/state
SlurmctldPidFile=$cluster/run/slurmctld.pid
SlurmctldLogFile=$cluster/log/slurmctld.log
SlurmdPidFile=$cluster/run/slurmd-%n.pid
SlurmdLogFile=$cluster/log/slurmd-%n.log
SlurmdSpoolDir=$cluster/spool/%n
TmpFS=$cluster/tmp/%n
NodeName=rf[1-2] NodeHostname=$host NodeAddr=127.0.0.1 Port=[26901-26902] CPUs=4 RealMemory=1000
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE OverSubscribe=FORCE:4
CONF
  # Named, since looking for the version fails where no cgroup is mounted, as in a bare chroot; nothing here uses one.
  echo 'CgroupPlugin=cgroup/v1' >"$cluster/cgroup.conf"
}

slurm_stop() {
  local file
  scontrol shutdown >/dev/null 2>&1
  for file in "$cluster"/run/*.pid; do [ ! -s "$file" ] || kill "$(cat "$file")" 2>/dev/null; done
}

slurm_start() {
  local tool node
  for tool in slurmctld slurmd srun munged; do
    PATH=$PATH:/usr/sbin command -v $tool >/dev/null || skip "needs a Slurm: $tool is not installed (packages slurmctld slurmd slurm-client munge)"
  done
  PATH=$PATH:/usr/sbin
  cluster=$scratch/cluster
  mkdir -p "$cluster"/{run,log,state,spool/rf1,spool/rf2,tmp/rf1,tmp/rf2}
  chmod 755 "$scratch" "$cluster" "$cluster/run"
  dd if=/dev/urandom of="$cluster/munge.key" bs=128 count=1 status=none
  chmod 400 "$cluster/munge.key"
  slurm_write_configuration
  export SLURM_CONF=$cluster/slurm.conf
  trap 'slurm_stop; clean_up' EXIT
  munged --key-file="$cluster/munge.key" --socket="$cluster/run/munge.sock" --pid-file="$cluster/run/munged.pid" --log-file="$cluster/log/munged.log" \
    --seed-file="$cluster/run/seed" --force >"$scratch/last.log" 2>&1 || fail "munged does not start"
  slurmctld -f "$SLURM_CONF" || fail "slurmctld does not start"
  for node in rf1 rf2; do slurmd -f "$SLURM_CONF" -N $node || fail "slurmd does not start for $node"; done
  for _ in $(seq 100); do
    [ "$(sinfo -h -t idle -o %D 2>/dev/null)" != 2 ] || return 0
    sleep 0.3
  done
  tail -n 20 "$cluster"/log/*.log >"$scratch/last.log"
  fail "the two nodes are not idle after 30 s"
}
