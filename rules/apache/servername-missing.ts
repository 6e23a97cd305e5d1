import type { Machine } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { namePlace } from '../../src/servers/apache/queries/places.ts'
import { apacheMain } from '../_examples.ts'

const HOST = conf`
  Listen 80
  <VirtualHost *:80>
      ServerName example.org
  </VirtualHost>
`
const HOSTS = conf`
  127.0.0.1 localhost localhost.localdomain
  127.0.1.1 web1
  ::1       localhost ip6-localhost ip6-loopback
`
const main = (lines: string): string => apacheMain(lines).replace('ErrorLog', '«ErrorLog»')
const machine = (
  lines: string,
  hosts = HOSTS,
  more: Record<string, string> = {},
): Record<string, string> => ({
  'etc/apache2/apache2.conf': main(lines),
  'etc/hosts': hosts,
  ...more,
})
const container = (lines: string, hostname = ''): Record<string, string> => ({
  'compose.yaml': conf`
    services:
      web:
        build: .
        ${hostname}
        ports: ["8080:80"]
  `,
  Dockerfile: conf`
    FROM httpd:2.4
    COPY httpd.conf /usr/local/apache2/conf/httpd.conf
  `,
  'httpd.conf': conf`
    ServerRoot /usr/local/apache2
    «ErrorLog» logs/error_log
    LoadModule mpm_event_module modules/mod_mpm_event.so
    LoadModule authz_core_module modules/mod_authz_core.so
    ${lines}
  `,
})

export default defineRule({
  summary: 'Apache has no ServerName outside of the virtual hosts',
  severity: 'info',
  confidence: 'medium',
  since: '0.1.0',
  why: 'Without a global `ServerName` httpd asks for the full name of the machine when it starts. Where the machine has none, as in containers, it warns at every start and reload: `AH00558: Could not reliably determine the server’s fully qualified domain name, using 127.0.0.1`. It starts nevertheless, and the names of virtual hosts are not meant; those that have none get this address into their own redirects.',
  remedy: 'Write `ServerName localhost`, or the name of the machine, outside of all virtual hosts',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/core.html#servername',
    'https://cwiki.apache.org/confluence/display/HTTPD/CouldNotDetermineServerName',
  ],
  bad: [
    { title: 'a name in the virtual host alone', files: machine(HOST) },
    {
      title: 'the name of the machine in a file of its own',
      files: machine(HOST, HOSTS, { 'etc/hostname': 'web1\n' }),
    },
    { title: 'a container', files: container(HOST) },
    {
      title: 'directories of Debian that are not here',
      files: machine(conf`
        IncludeOptional mods-enabled/*.conf
        IncludeOptional conf-enabled/*.conf
        ${HOST}
      `),
    },
  ],
  good: [
    { title: 'a global name', files: machine(`ServerName localhost\n${HOST}`) },
    {
      title: 'a global name in a file of its own',
      files: machine(`IncludeOptional conf-enabled/*.conf\n${HOST}`, HOSTS, {
        'etc/apache2/conf-enabled/name.conf': 'ServerName localhost\n',
      }),
    },
    {
      title: 'a machine with a full name',
      files: machine(HOST, HOSTS.replace('web1', 'web1.example.org web1')),
    },
    {
      title: 'a full name in the file of the name',
      files: machine(HOST, HOSTS, { 'etc/hostname': 'web1.example.org\n' }),
    },
    {
      title: 'a machine of whose names nobody knows',
      files: { 'etc/apache2/apache2.conf': main(HOST) },
    },
    { title: 'a container with a full name', files: container(HOST, 'hostname: web.example.org') },
    { title: 'a container with a global name', files: container(`ServerName localhost\n${HOST}`) },
    {
      title: 'a file outside the audit, which may have it',
      files: machine(`Include /opt/names.conf\n${HOST}`),
    },
    { title: 'a fragment', files: { 'site.conf': HOST, 'etc/hosts': HOSTS } },
  ],
  *check(deployment) {
    for (const configuration of deployment.apache) {
      const first = configuration.top.find(({ source }) => source === configuration.main)
      if (first === undefined || !configuration.occurrences.has('listen')) continue
      const unread = (configuration.unread ?? []).filter(({ path }) => !OF_MODULES.test(path))
      if (!unread.every(({ path }) => OF_DEBIAN.test(path))) continue
      if (directivesIn(configuration, null, 'servername').length > 0) continue
      if (!lacksFullName(deployment.programOf(configuration).machine)) continue
      yield {
        at: namePlace(first),
        ...(unread.length > 0 && { confidence: 'low' as const }),
        message:
          'no `ServerName` stands outside of the virtual hosts, so Apache warns at every start: AH00558, could not reliably determine the server’s fully qualified domain name',
        label: 'no global ServerName',
      }
    }
  },
})

/** Lines that load and set up modules. */
const OF_MODULES = /\/(?:mods-enabled|conf\.modules\.d)(?:\/|$)/
/** What Debian and its packages keep there has no name, and a file of the owner may. */
const OF_DEBIAN = /\/conf-enabled(?:\/|$)/

/** True where the machine has no name with a dot; false where nobody knows. */
function lacksFullName({ container, files }: Machine): boolean {
  if (container !== null) {
    const { hostname, networkMode } = container.service
    return networkMode === null && (hostname === null || (hostname.known && !hostname.value.includes('.')))
  }
  const hosts = sourceAt(files, '/etc/hosts')
  const name = sourceAt(files, '/etc/hostname')
  return hosts !== null && name?.text.includes('.') !== true && !hosts.code.split('\n').some(hasFullName)
}

/** True for a line of a hosts file with a name that may be the full one of the machine. */
function hasFullName(line: string): boolean {
  const [, ...names] = line.replace(/#.*/, '').trim().split(/\s+/)
  return names.some(name => name.includes('.') && !name.startsWith('localhost'))
}
