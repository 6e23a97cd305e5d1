import type { AppProgram } from '../../parsers/app-server/app-server.ts'
import type { AppServerProgram, Program, ProgramKind, Protocol, Target } from './model.ts'

/** What tells programs from each other: their kind, of application servers which one. */
export type ProgramLabel = Exclude<ProgramKind, 'app-server'> | AppProgram

const NAMES: Readonly<Record<ProgramLabel, string>> = {
  nginx: 'nginx',
  apache: 'Apache',
  'php-fpm': 'PHP-FPM',
  postgres: 'PostgreSQL',
  gunicorn: 'gunicorn',
  uvicorn: 'uvicorn',
  hypercorn: 'hypercorn',
  daphne: 'Daphne',
  waitress: 'waitress',
  granian: 'granian',
  uwsgi: 'uWSGI',
  runserver: 'Django’s development server',
  flask: 'Flask’s development server',
  fastapi: 'FastAPI',
  php: 'PHP’s development server',
  vite: 'Vite',
  puma: 'Puma',
  unicorn: 'Unicorn',
  tomcat: 'Tomcat',
  gitlab: 'the nginx of GitLab',
  rails: 'the server of Rails',
  ng: 'Angular’s server',
  dotnet: 'Kestrel',
  spring: 'Spring Boot',
  go: 'the program of Go',
  node: 'Node.js',
  python: 'an application server',
}

export function programLabel(program: Program): ProgramLabel {
  return program.kind === 'app-server' ? program.server.program : program.kind
}

/** What a reader calls a program of a label. */
export function labelName(label: ProgramLabel): string {
  return NAMES[label]
}

/** What a reader calls a program. */
export function programName(program: Program): string {
  return NAMES[programLabel(program)]
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

/** What a program runs, as whoever starts it would name it. */
function applicationOf({ server }: AppServerProgram): string {
  return server.application?.known === true ? `\`${server.application.value}\`` : 'the application'
}

/** Which of the five answers a target has, in words that follow its address: `where Apache listens`. */
export function destinationWords({ to }: Target): string {
  switch (to.kind) {
    case 'listener':
      return `where ${programName(to.listener.program)} listens`
    case 'refused':
      return `connection refused: ${programName(to.by)} does not listen there`
    case 'unclaimed':
      return to.supposed === null
        ? 'not opened by any program of the audit'
        : `not opened by any program of the audit; ${applicationOf(to.supposed)} may be behind it`
    case 'elsewhere':
      return 'another machine'
    case 'unknown':
      return to.reason
  }
}
