/** Other names of the options that matter here, by uWSGI's own table. */
const ALIASES: Readonly<Record<string, string>> = {
  s: 'socket',
  'uwsgi-socket': 'uwsgi-socket',
  p: 'workers',
  processes: 'workers',
  t: 'harakiri',
  b: 'buffer-size',
  C: 'chmod-socket',
  chmod: 'chmod-socket',
  chown: 'chown-socket',
  M: 'master',
  T: 'enable-threads',
  w: 'module',
  wsgi: 'module',
  file: 'wsgi-file',
  H: 'virtualenv',
  home: 'virtualenv',
  pyhome: 'virtualenv',
  venv: 'virtualenv',
  pp: 'pythonpath',
  'python-path': 'pythonpath',
  l: 'listen',
  z: 'socket-timeout',
  d: 'daemonize',
  S: 'set',
  x: 'xml',
  xmlconfig: 'xml',
  y: 'yaml',
  yml: 'yaml',
  j: 'json',
  js: 'json',
  inherit: 'include',
  plugin: 'plugins',
  R: 'max-requests',
  L: 'disable-logging',
  'attach-daemon': 'attach-daemon',
}

export function uwsgiOptionName(written: string): string {
  return Object.hasOwn(ALIASES, written) ? ALIASES[written]! : written
}

/** Options that have no value of their own on a command line. */
const FLAGS = new Set(
  `master enable-threads vacuum die-on-term lazy lazy-apps need-app no-server no-site single-interpreter strict
  no-orphans thunder-lock disable-logging manage-script-name http-keepalive http-auto-chunked http-auto-gzip
  http-websockets log-x-forwarded-for post-buffering-off show-config reuse-port so-keepalive tcp-nodelay
  ignore-sigpipe ignore-write-errors disable-write-exception close-on-exec py-autoreload-on-edit memory-report
  add-header-date offload log-master log-date auto-procname dumb-loop gevent-monkey-patch abstract-socket
  no-default-app catch-exceptions emperor-stats-off daemonize-off i c a m r`.split(/\s+/),
)

export function isUwsgiFlag(name: string): boolean {
  return FLAGS.has(name)
}

/** Options whose value is a configuration file. */
export const UWSGI_FILES: ReadonlySet<string> = new Set(['ini', 'xml', 'yaml', 'json', 'include', 'config'])

/** The options that open sockets, and what is spoken there; null where `protocol` says it. */
export const UWSGI_SOCKETS: ReadonlyMap<
  string,
  'http' | 'https' | 'uwsgi' | 'fastcgi' | 'scgi' | 'other' | null
> = new Map([
  ['socket', null],
  ['uwsgi-socket', 'uwsgi'],
  ['suwsgi-socket', 'other'],
  ['ssl-socket', 'other'],
  ['http-socket', 'http'],
  ['https-socket', 'https'],
  ['http', 'http'],
  ['http-router', 'http'],
  ['https', 'https'],
  ['fastcgi-socket', 'fastcgi'],
  ['fastcgi-nph-socket', 'fastcgi'],
  ['scgi-socket', 'scgi'],
  ['scgi-nph-socket', 'scgi'],
  ['raw-socket', 'other'],
  ['fastrouter', 'uwsgi'],
])
