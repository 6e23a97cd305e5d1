import { type FileLimit, readFileLimits } from '../../parsers/limits/read-limits.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import type { Deployment, NginxProgram } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { serviceOf } from '../../src/deployment/service-of.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { parseNumber } from '../../src/servers/nginx/validate/numbers.ts'
import { PASSES } from '../../src/servers/nginx/queries/locations.ts'

const main = (files: string, connections: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': conf`
    ${files}
    events {
        worker_connections ${connections};
    }
    http {
        server {
            listen 80;
            server_name example.org;
            location / {
                proxy_pass http://127.0.0.1:9000;
                proxy_set_header Host $host;
            }
        }
    }
  `,
})

const withLimit = (files: string): Record<string, string> => ({
  'etc/systemd/system/nginx.service.d/limits.conf': `[Service]\nLimitNOFILE=${files}\n`,
})

const packaged = (lines: string, connections: string): Record<string, string> => ({
  ...main(`user www-data;\npid /run/nginx.pid;\n${lines}`, connections),
  'etc/nginx/conf.d/gzip.conf': 'gzip on;\n',
})

const FOR_LOGINS = {
  'etc/security/limits.d/90-nginx.conf': conf`
    www-data soft nofile 65535
    www-data hard nofile 65535
    root     -    nofile 65535
  `,
}

export default defineRule({
  summary: 'nginx may open fewer files than its connections need',
  severity: 'info',
  otherSeverities: {
    warning:
      'where the files are fewer than the connections, where `limits.conf` is to raise them, and where 4096 connections or more meet what systemd gives',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'A request that is proxied takes two connections, one to the client and one to the backend, and each is a file to the system. At its limit nginx answers 500 and writes “Too many open files”. What starts it decides how many it may open: of systemd these are 1024. `/etc/security/limits.conf` holds for logins alone.',
  remedy: 'Set `worker_rlimit_nofile` to twice `worker_connections`, or more',
  references: [
    'https://nginx.org/en/docs/ngx_core_module.html#worker_rlimit_nofile',
    'https://nginx.org/en/docs/ngx_core_module.html#worker_connections',
  ],
  bad: [
    { title: 'the files that systemd gives', files: packaged('', '«20000»') },
    { title: 'some more connections than files', files: packaged('', '«2048»') },
    { title: 'as many files as connections', files: main('worker_rlimit_nofile «4096»;', '4096') },
    { title: 'fewer files than connections', files: main('worker_rlimit_nofile «1024»;', '4096') },
    {
      title: 'fewer files than connections to files alone',
      files: {
        'etc/nginx/nginx.conf': conf`
          worker_rlimit_nofile «1024»;
          events {
              worker_connections 4096;
          }
          http {
              server {
                  listen 80;
                  root /srv/www;
              }
          }
        `,
      },
    },
    {
      title: 'the limit of the unit',
      files: { ...main('', '20000'), ...withLimit('«1024»') },
    },
    {
      title: 'a file for logins, which no service reads',
      files: { ...main('user www-data;', '«20000»'), ...FOR_LOGINS },
    },
    {
      title: 'a file for logins of everybody',
      files: {
        ...main('', '«4096»'),
        'etc/security/limits.conf': conf`
          # to raise the number of open files
          *  -  nofile  unlimited
        `,
      },
    },
  ],
  good: [
    { title: 'files for as many connections', files: packaged('worker_rlimit_nofile 40000;', '20000') },
    { title: 'as many as systemd gives', files: packaged('', '1024') },
    {
      title: 'a unit that gives them',
      files: { ...packaged('', '20000'), ...withLimit('65536') },
    },
    {
      title: 'all units get them',
      files: {
        ...packaged('', '20000'),
        'etc/systemd/system.conf.d/files.conf': conf`
          [Manager]
          DefaultLimitNOFILE=65536
        `,
      },
    },
    { title: 'an nginx that anything may start', files: main('', '20000') },
    {
      title: 'a main file that a script of its own may install',
      files: main('user www-data;\npid /run/nginx.pid;', '20000'),
    },
    {
      title: 'a file for logins, and nginx sets its own limit',
      files: { ...main('worker_rlimit_nofile 65536;', '20000'), ...FOR_LOGINS },
    },
    {
      title: 'a file for logins, and the unit allows more',
      files: { ...main('', '20000'), ...withLimit('65536'), ...FOR_LOGINS },
    },
    {
      title: 'a file for logins, and systemd allows more to every service',
      files: {
        ...main('', '20000'),
        ...FOR_LOGINS,
        'etc/systemd/system.conf': '[Manager]\nDefaultLimitNOFILE=65536\n',
      },
    },
    {
      title: 'a file for logins of others',
      files: { ...main('', '20000'), 'etc/security/limits.d/db.conf': 'mysql soft nofile 65535\n' },
    },
    { title: 'a file for logins, and few connections', files: { ...main('', '768'), ...FOR_LOGINS } },
    { title: 'the unit allows more', files: { ...main('', '20000'), ...withLimit('65536') } },
    {
      title: 'nginx sets its own limit',
      files: { ...main('worker_rlimit_nofile 65536;', '20000'), ...withLimit('1024') },
    },
    { title: 'twice as many', files: main('worker_rlimit_nofile 8192;', '4096') },
    {
      title: 'a file for each connection, where none is proxied',
      files: {
        'etc/nginx/nginx.conf': conf`
          worker_rlimit_nofile 4096;
          events {
              worker_connections 4096;
          }
          http {
              server {
                  listen 80;
                  root /srv/www;
              }
          }
        `,
      },
    },
    { title: 'the limit that the service starts nginx with', files: main('', '768') },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'nginx')) {
      const { occurrences } = program.configuration
      const connections = occurrences.get('worker_connections')?.[0]
      if (connections === undefined) continue
      const wanted = parseNumber(connections.args[0]?.value ?? '')
      const limit = occurrences.get('worker_rlimit_nofile')?.[0]
      const related = [{ at: argumentPlace(connections, 0), message: 'connections of a worker' }]
      if (limit === undefined) {
        const logins = wanted === null ? null : limitOfLogins(program, wanted, deployment)
        if (logins !== null)
          yield {
            at: argumentPlace(connections, 0),
            severity: 'warning',
            message: `nothing raises the 1024 files that systemd lets nginx open, and ${wanted} \`worker_connections\` exceed them: \`limits.conf\` holds for logins, not for services`,
            label: 'worker_connections exceed open file resource limit: 1024',
            related: [{ at: logins.at, message: 'no service reads it' }],
            help: `Write \`worker_rlimit_nofile ${2 * (wanted ?? 0)};\` in nginx’s main file, or \`LimitNOFILE=${2 * (wanted ?? 0)}\` in a drop-in of its unit`,
          }
        else if (wanted !== null && isStartedAsPackaged(program, wanted, deployment))
          yield {
            at: argumentPlace(connections, 0),
            ...(wanted >= MANY && { severity: 'warning' as const }),
            message: `systemd lets nginx open 1024 files where its unit and \`worker_rlimit_nofile\` say nothing, and ${wanted} \`worker_connections\` exceed them`,
            label: 'worker_connections exceed open file resource limit: 1024',
            help: `Write \`worker_rlimit_nofile ${2 * wanted};\` beside \`worker_processes\`, or \`LimitNOFILE=${2 * wanted}\` in a drop-in of the unit`,
          }
        const unit = limitOfUnit(program)
        if (unit === null || wanted === null || unit.files >= wanted) continue
        yield {
          at: unit.at,
          severity: 'warning',
          message: `systemd lets nginx open ${unit.files} files, fewer than its ${wanted} connections`,
          related,
          help: `Write \`LimitNOFILE=${2 * wanted}\`, or \`worker_rlimit_nofile ${2 * wanted};\` in nginx’s main file`,
        }
        continue
      }
      const allowed = parseNumber(limit.args[0]?.value ?? '')
      if (allowed === null || wanted === null) continue
      // Only a proxy needs two files for a request.
      const isProxy = PASSES.some(name => occurrences.has(name))
      const needed = isProxy ? 2 * wanted : wanted
      if (allowed >= needed) continue
      const at = argumentPlace(limit, 0)
      yield {
        at,
        ...(allowed < wanted && { severity: 'warning' as const }),
        message:
          allowed < wanted
            ? `${wanted} \`worker_connections\` exceed the limit of open files of a worker, which is ${allowed}`
            : `A worker of nginx may open ${allowed} files, and its ${wanted} connections come to twice as many where they are proxied`,
        related,
        ...propose('Allow two files for each connection', 'safe', [replacePlace(at, `${2 * wanted}`)]),
      }
    }
  },
})

/** How many files the unit of nginx lets it open, where it says so. */
function limitOfUnit(program: NginxProgram): { readonly files: number; readonly at: Place } | null {
  const limit = program.configuration.main === null ? null : (serviceOf(program)?.limitNoFile ?? null)
  if (limit?.known !== true || limit.at === null) return null
  const soft = /^(\d+)(?::(?:\d+|infinity))?$/.exec(limit.value)?.[1]
  return soft === undefined ? null : { files: Number(soft), at: limit.at }
}

/** What systemd gives every service that is told nothing else. */
const OF_SYSTEMD = 1024

/** From here on whoever wrote it counts on more connections than the system gives. */
const MANY = 4096

/**
 * True for an nginx that the unit of a package starts, and nothing lets open more files than systemd does: the main file
 * of Debian, or of Red Hat, at its place on a machine, in a repository that builds no images.
 */
function isStartedAsPackaged(program: NginxProgram, wanted: number, deployment: Deployment): boolean {
  const { main, occurrences } = program.configuration
  if (main?.path !== '/etc/nginx/nginx.conf' || main.template || deployment.containers().length > 0)
    return false
  // A main file by itself may be one of many that a panel or an init script of its own installs.
  const { files } = program.machine
  if (!['sites-enabled', 'conf.d'].some(name => (files.list(`/etc/nginx/${name}`) ?? []).length > 0))
    return false
  const texts = [...(deployment.setups() ?? []), ...deployment.setupsBeside()]
  if (texts.some(({ path }) => /\/Dockerfile[^/]*$/.test(path))) return false
  const isOfDebian = occurrences.get('user')?.[0]?.args[0]?.value === 'www-data'
  const isOfRedHat = (occurrences.get('include') ?? []).some(
    ({ args: [path] }) => path?.value === '/usr/share/nginx/modules/*.conf',
  )
  return (
    (isOfDebian || isOfRedHat) &&
    occurrences.get('pid')?.[0]?.args[0]?.value === '/run/nginx.pid' &&
    exceedsSystemd(program, wanted, deployment)
  )
}

/** True where the connections are more than the files that systemd gives, and nothing that is seen gives more. */
function exceedsSystemd(program: NginxProgram, wanted: number, deployment: Deployment): boolean {
  const { configuration, machine } = program
  if (wanted <= OF_SYSTEMD || configuration.main === null || machine.container !== null) return false
  if (serviceOf(program)?.limitNoFile != null) return false
  const { files } = machine
  const ofSystemd = [
    sourceAt(files, '/etc/systemd/system.conf'),
    ...sourcesBelow(files, '/etc/systemd/system.conf.d'),
  ]
  const told = [...ofSystemd, ...(deployment.setups() ?? []), ...deployment.setupsBeside()]
  return !told.some(source => source !== null && /LimitNOFILE|\bprlimit\b|\bulimit\s+-n/.test(source.code))
}

function sourcesBelow(files: FileSystem, directory: string): readonly Source[] {
  return (files.list(directory) ?? []).flatMap(({ name }) => sourceAt(files, `${directory}/${name}`) ?? [])
}

/** The line that is to raise the limit of nginx, and holds for logins alone; null where something does raise it. */
function limitOfLogins(program: NginxProgram, wanted: number, deployment: Deployment): FileLimit | null {
  if (!exceedsSystemd(program, wanted, deployment)) return null
  const { configuration, machine } = program
  const { files } = machine
  const user = configuration.occurrences.get('user')?.[0]?.args[0]?.value
  const limits = [
    sourceAt(files, '/etc/security/limits.conf'),
    ...sourcesBelow(files, '/etc/security/limits.d'),
  ]
  return (
    limits
      .flatMap(source => (source === null ? [] : readFileLimits(source)))
      .find(
        ({ domain, files: most }) =>
          (most === null || most > OF_SYSTEMD) &&
          (domain === '*' || domain === user || /^(?:nginx|www-data)$/.test(domain)),
      ) ?? null
  )
}
