import type { Program, Protocol, Target } from './model.ts'

const PROGRAMS: Readonly<Record<Program['kind'], string>> = {
  nginx: 'nginx',
  apache: 'Apache',
  gunicorn: 'gunicorn',
  'php-fpm': 'PHP-FPM',
  postgres: 'PostgreSQL',
}

/** What a reader calls a program. */
export function programName(kind: Program['kind']): string {
  return PROGRAMS[kind]
}

const PROTOCOLS: Readonly<Record<Protocol, string>> = {
  http: 'HTTP',
  https: 'HTTPS',
  fastcgi: 'FastCGI',
  uwsgi: 'uwsgi',
  suwsgi: 'uwsgi over TLS',
  scgi: 'SCGI',
  grpc: 'gRPC',
  grpcs: 'gRPC over TLS',
  memcached: 'memcached',
  ajp: 'AJP',
  ws: 'WebSocket',
  wss: 'WebSocket over TLS',
  ftp: 'FTP',
  postgres: 'PostgreSQL',
}

/** What a reader calls a protocol. */
export function protocolName(protocol: Protocol): string {
  return PROTOCOLS[protocol]
}

/** Which of the five answers a target has, in words that follow its address: `where Apache listens`. */
export function destinationWords({ to }: Target): string {
  switch (to.kind) {
    case 'listener':
      return `where ${programName(to.listener.kind)} listens`
    case 'refused':
      return `connection refused: ${programName(to.by.kind)} does not listen there`
    case 'unclaimed':
      return 'not opened by any program of the audit'
    case 'elsewhere':
      return 'another machine'
    case 'unknown':
      return to.reason
  }
}
