import type { ServiceUnit } from '../../parsers/systemd/service-unit.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import type { NginxServer } from '../../src/deployment/model.ts'
import { groupBy } from '../../parsers/collections/group-by.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { serviceOf } from '../../src/deployment/service-of.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readOnlySystem } from '../_read-only-system.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { isOpenToAll } from '../_privileged-ports.ts'

const tree = (service: string, lines = 'return 204;', main = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': conf`
    ${main}
    ${nginxMain(nginxServer(lines))}
  `,
  'etc/systemd/system/nginx.service.d/local.conf': conf`
    [Service]
    ${service}
  `,
})

export default defineRule({
  summary: 'The unit of nginx forbids what its configuration asks for',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'systemd keeps from a service what its unit says. Ports below 1024 belong to root, so nginx under `User=` does not start: `bind() to 0.0.0.0:80 failed (13: Permission denied)`. With `ProtectHome=` what lies in `/home` is not there for it, and with `ProtectSystem=strict` it can write nothing: `open() "/var/log/nginx/error.log" failed (30: Read-only file system)`.',
  remedy:
    'Leave `User=` out, as nginx gives up the rights of root itself; write `ProtectHome=read-only`, and `ReadWritePaths=` for what nginx writes',
  references: [
    'https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#ProtectHome=',
    'https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#ProtectSystem=',
  ],
  unproven: 'The tests have no systemd that starts nginx',
  bad: [
    { title: 'a user and a port of root', files: tree('User=«www-data»') },
    { title: 'a site in a home directory', files: tree('ProtectHome=«yes»', 'root /home/shop/public;') },
    {
      title: 'logs and a cache',
      files: tree(
        'ProtectSystem=«strict»',
        'access_log /var/log/nginx/shop.log;',
        'error_log /var/log/nginx/error.log;',
      ),
    },
  ],
  good: [
    { title: 'what the package brings', files: tree('NoNewPrivileges=yes', 'root /home/shop/public;') },
    {
      title: 'a user with the right',
      files: tree('User=www-data\nAmbientCapabilities=CAP_NET_BIND_SERVICE'),
    },
    {
      title: 'homes that may be read, and paths that may be written',
      files: tree(
        conf`
          ProtectHome=read-only
          ProtectSystem=strict
          ReadWritePaths=/var/log /run /var/lib/nginx
        `,
        conf`
          root /home/shop/public;
          access_log /var/log/nginx/shop.log;
        `,
        'error_log /var/log/nginx/error.log;',
      ),
    },
    {
      title: 'directories that systemd makes for it',
      files: tree(
        conf`
          ProtectSystem=strict
          LogsDirectory=nginx
          RuntimeDirectory=nginx
        `,
        'access_log /var/log/nginx/shop.log;',
        conf`
          pid /run/nginx/nginx.pid;
          error_log /var/log/nginx/error.log;
        `,
      ),
    },
    { title: 'a system that is protected without its logs', files: tree('ProtectSystem=full') },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'nginx')) {
      const { configuration, machine } = program
      const service = configuration.main === null ? null : serviceOf(program)
      if (service === null || service.unit.settings.some(({ name }) => OWN_VIEW.test(name))) continue
      yield* hiddenHome(service, configuration)
      yield* writesNothing(service, configuration)
      if (isOpenToAll(machine)) continue
      const servers = groupBy(deployment.servers, server => server.configuration).get(configuration) ?? []
      yield* portOfRoot(service, servers)
    }
  },
})

/** Settings that give a service another view of the files, or nginx rights. */
const OWN_VIEW =
  /^(?:Bind(?:ReadOnly)?Paths|RootDirectory|RootImage|TemporaryFileSystem|AmbientCapabilities|PermissionsStartOnly|PrivateUsers|SecureBits|DynamicUser)$/

function* portOfRoot(service: ServiceUnit, servers: readonly NginxServer[]): Generator<RuleFinding> {
  const { user } = service
  if (user?.known !== true || user.at === null || /^(?:root|0|)$/.test(user.value)) return
  if (service.start.some(({ prefix }) => /[+!]/.test(prefix))) return
  const listen = servers.flatMap(({ listens }) => listens).find(({ port }) => port !== null && port < 1024)
  if (listen === undefined) return
  yield {
    at: user.at,
    aspect: 'port',
    message: `nginx runs as \`${user.value}\` from its start, which may not open port ${listen.port}: Permission denied`,
    label: 'the user of the service',
    related: [{ at: listen.at, message: 'a port of root' }],
  }
}

function* hiddenHome(service: ServiceUnit, configuration: NginxConfiguration): Generator<RuleFinding> {
  const { protectHome } = service
  if (protectHome?.known !== true || protectHome.at === null || !/^(?:yes|tmpfs)$/.test(protectHome.value))
    return
  const line = firstWith(configuration, READ, path => /^\/(?:home|root|run\/user)\//.test(path))
  if (line === null) return
  yield {
    at: protectHome.at,
    aspect: 'home',
    message: `nginx sees \`${/^\/\w+/.exec(pathOf(line))?.[0] ?? ''}\` empty, so \`${pathOf(line)}\` is not there for it`,
    label: 'hides it',
    related: [{ at: argumentPlace(line, 0), message: 'asked for here' }],
    help: 'Write `ProtectHome=read-only`',
  }
}

function* writesNothing(service: ServiceUnit, configuration: NginxConfiguration): Generator<RuleFinding> {
  const system = readOnlySystem(service)
  if (system === null) return
  const line = firstWith(configuration, WRITTEN, path => system.forbidding(path) !== null)
  const at = line === null ? null : system.forbidding(pathOf(line))
  if (line === null || at === null) return
  yield {
    at,
    aspect: 'system',
    message: `nginx may not write \`${pathOf(line)}\`, as no \`ReadWritePaths=\` names it: Read-only file system`,
    label: 'makes it read-only',
    related: [{ at: argumentPlace(line, 0), message: 'written by nginx' }],
    help: `Add \`ReadWritePaths=${pathOf(line).replace(/\/[^/]*$/, '')}\``,
  }
}

const READ = [
  'root',
  'alias',
  'ssl_certificate',
  'ssl_certificate_key',
  'auth_basic_user_file',
  'include',
  'access_log',
]
const WRITTEN = [
  'error_log',
  'access_log',
  'pid',
  'proxy_cache_path',
  'fastcgi_cache_path',
  'client_body_temp_path',
]

/** The first of these directives whose absolute path is one that is asked for. */
function firstWith(
  { occurrences }: NginxConfiguration,
  names: readonly string[],
  holds: (path: string) => boolean,
): NginxDirective | null {
  for (const name of names)
    for (const line of occurrences.get(name) ?? []) {
      const path = pathOf(line)
      if (path.startsWith('/') && !path.includes('$') && !isUnknownWord(path) && holds(path)) return line
    }
  return null
}

function pathOf({ args }: NginxDirective): string {
  return args[0]?.value ?? ''
}
