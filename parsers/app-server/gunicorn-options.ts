import { optionTable } from './arguments.ts'

/** `gunicorn --help`, versions 20 to 26: the setting of each option. */
export const GUNICORN_OPTIONS = optionTable(
  `
  config -c --config
  bind -b --bind
  backlog --backlog
  workers -w --workers
  worker_class -k --worker-class
  threads --threads
  worker_connections --worker-connections
  max_requests --max-requests
  max_requests_jitter --max-requests-jitter
  timeout -t --timeout
  graceful_timeout --graceful-timeout
  keepalive --keep-alive
  limit_request_line --limit-request-line
  limit_request_fields --limit-request-fields
  limit_request_field_size --limit-request-field_size
  !reload --reload
  reload_engine --reload-engine
  reload_extra_files --reload-extra-file
  !spew --spew
  !check_config --check-config
  !print_config --print-config
  !preload_app --preload
  !!sendfile --no-sendfile
  !reuse_port --reuse-port
  chdir --chdir
  !daemon -D --daemon
  raw_env -e --env
  pidfile -p --pid
  worker_tmp_dir --worker-tmp-dir
  user -u --user
  group -g --group
  umask -m --umask
  !initgroups --initgroups
  forwarded_allow_ips --forwarded-allow-ips
  accesslog --access-logfile
  !disable_redirect_access_to_syslog --disable-redirect-access-to-syslog
  access_log_format --access-logformat
  errorlog --error-logfile --log-file
  loglevel --log-level
  !capture_output --capture-output
  logger_class --logger-class
  logconfig --log-config
  logconfig_json --log-config-json
  syslog_addr --log-syslog-to
  !syslog --log-syslog
  syslog_prefix --log-syslog-prefix
  syslog_facility --log-syslog-facility
  !enable_stdio_inheritance -R --enable-stdio-inheritance
  statsd_host --statsd-host
  dogstatsd_tags --dogstatsd-tags
  statsd_prefix --statsd-prefix
  !enable_backlog_metric --enable-backlog-metric
  proc_name -n --name
  pythonpath --pythonpath
  paste --paste --paster
  !proxy_protocol --proxy-protocol
  proxy_allow_ips --proxy-allow-from
  protocol --protocol
  uwsgi_allow_ips --uwsgi-allow-from
  keyfile --keyfile
  certfile --certfile
  ssl_version --ssl-version
  cert_reqs --cert-reqs
  ca_certs --ca-certs
  !suppress_ragged_eofs --suppress-ragged-eofs
  !do_handshake_on_connect --do-handshake-on-connect
  ciphers --ciphers
  http_protocols --http-protocols
  !http2_cleartext --http2-cleartext
  raw_paste_global_conf --paste-global
  !permit_obsolete_folding --permit-obsolete-folding
  !strip_header_spaces --strip-header-spaces
  !permit_unconventional_http_method --permit-unconventional-http-method
  !permit_unconventional_http_version --permit-unconventional-http-version
  !casefold_http_method --casefold-http-method
  !tolerate_dangerous_framing --tolerate-dangerous-framing
  forwarder_headers --forwarder-headers
  header_map --header-map
  asgi_loop --asgi-loop
  asgi_lifespan --asgi-lifespan
  asgi_disconnect_grace_period --asgi-disconnect-grace-period
  http_parser --http-parser
  root_path --root-path
  dirty_apps --dirty-app
  dirty_workers --dirty-workers
  dirty_timeout --dirty-timeout
  dirty_threads --dirty-threads
  dirty_graceful_timeout --dirty-graceful-timeout
  control_socket --control-socket
  control_socket_mode --control-socket-mode
  !control_socket_disable --no-control-socket
`,
  { abbreviations: true },
)

/** Options that may be given more than once, all of which hold. */
export const GUNICORN_LISTS: ReadonlySet<string> = new Set([
  'bind',
  'raw_env',
  'reload_extra_files',
  'raw_paste_global_conf',
  'dirty_apps',
])
