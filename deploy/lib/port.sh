# deploy/lib/port.sh: sourced. A port for a hub on this machine.
# shellcheck shell=bash

# free_port: one that nobody listens on, below those that the system gives to outgoing connections (from 32768 on): one of them
# may be taken by a connection that nobody listens for.
free_port() {
  local port
  for _ in {1..50}; do
    port=$((20000 + RANDOM % 12000))
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      printf '%s' "$port"
      return
    fi
  done
  printf 'no free port between 20000 and 32000\n' >&2
  return 1
}
