import { posix } from 'node:path'
import { memo } from '../../parsers/collections/memo.ts'
import { type FileVariable, parseEnvironmentFile } from '../../parsers/systemd/environment-file.ts'
import type { ServiceUnit } from '../../parsers/systemd/service-unit.ts'
import type { Source } from '../../parsers/text/source.ts'
import type { Deployment, Machine, Target } from '../../src/deployment/model.ts'
import { namedService } from '../../src/deployment/service-of.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { nginxMain, proxiedServer } from '../_examples.ts'

const NGINX = { 'etc/nginx/nginx.conf': nginxMain(proxiedServer('', '127.0.0.1:8081')) }
const jenkins = (defaults: string, lines = ''): Record<string, string> => ({
  ...NGINX,
  'etc/default/jenkins': defaults,
  'lib/systemd/system/jenkins.service': conf`
    [Service]
    Type=notify
    ExecStart=/usr/bin/jenkins
    Environment="JENKINS_PORT=8080"
    ${lines}
  `,
})
const node = (lines: string, start = '/usr/bin/node /srv/shop/dist/main.js'): Record<string, string> => ({
  ...NGINX,
  'etc/default/shop': conf`
    NODE_ENV=production
    «PORT=8081»
  `,
  'etc/systemd/system/shop.service': conf`
    [Service]
    ExecStart=${start}
    ${lines}
  `,
})

export default defineRule({
  summary: 'The port of `/etc/default` is one that the unit does not read',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Init scripts read `/etc/default/NAME` or `/etc/sysconfig/NAME`, and systemd reads what `EnvironmentFile=` names. Jenkins has not read `/etc/default/jenkins` since 2.332.1. The program keeps the port that it has by itself, and the proxy connects to one that nobody opens: 502 Bad Gateway, or 503 of Apache.',
  remedy:
    'Write `EnvironmentFile=/etc/default/NAME` in `[Service]`; for Jenkins `Environment="JENKINS_PORT=8081"` by `systemctl edit jenkins`',
  references: [
    'https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#EnvironmentFile=',
    'https://www.jenkins.io/doc/book/system-administration/systemd-services/',
  ],
  unproven: 'The live tests run neither systemd nor Jenkins',
  bad: [
    {
      title: 'Jenkins',
      files: jenkins(conf`
        NAME=jenkins
        «HTTP_PORT=8081»
        JENKINS_ARGS="--httpPort=$HTTP_PORT"
      `),
    },
    {
      title: 'an option of Jenkins',
      files: jenkins(conf`«JENKINS_ARGS="--webroot=/var/cache/jenkins/war --httpPort=8081"»`),
    },
    { title: 'Node.js', files: node('User=shop') },
    { title: 'another file than the one that is read', files: node('EnvironmentFile=/etc/shop.env') },
  ],
  good: [
    {
      title: 'Jenkins that is told by a drop-in',
      files: {
        ...jenkins('HTTP_PORT=8081\n'),
        'etc/systemd/system/jenkins.service.d/override.conf': conf`
          [Service]
          Environment="JENKINS_PORT=8081"
        `,
      },
    },
    {
      title: 'a unit that reads it',
      files: jenkins('HTTP_PORT=8081\n', 'EnvironmentFile=-/etc/default/jenkins'),
    },
    { title: 'a unit that reads it by its name', files: node('EnvironmentFile=/etc/default/%p') },
    {
      title: 'a shell that reads it',
      files: node('', "/bin/sh -c '. /etc/default/shop && exec node main.js'"),
    },
    { title: 'a script that may read it', files: node('', '/srv/shop/bin/start') },
    {
      title: 'a variable of the unit',
      files: node('Environment=PORT=8081'),
    },
    {
      title: 'a proxy that connects to the port of the unit',
      files: {
        ...jenkins('HTTP_PORT=8082\n'),
        'etc/nginx/nginx.conf': nginxMain(proxiedServer('', '127.0.0.1:8080')),
      },
    },
    {
      title: 'another machine',
      files: {
        ...jenkins('HTTP_PORT=8081\n'),
        'etc/nginx/nginx.conf': nginxMain(proxiedServer('', '192.0.2.7:8081')),
      },
    },
  ],
  *check(deployment) {
    for (const machine of deployment.machines) {
      for (const { source, service, name } of unreadDefaults(machine)) {
        const asked = unopenedPorts(deployment).get(machine)
        if (asked === undefined) continue
        const found = parseEnvironmentFile(source).flatMap(variable => {
          const port = portOf(variable)
          const target = port === null ? undefined : asked.get(port)
          return port === null || target === undefined ? [] : [{ variable, port, target }]
        })
        const [first] = found
        if (first === undefined) continue
        const { variable, port, target } = first
        if (knowsPort(machine, service, port)) continue
        const [command] = service.start
        yield {
          at: { source, start: variable.start, end: variable.end },
          message: `\`${name}\` does not read \`${source.path}\`, so port ${port} is one that nobody opens, and the proxy connects to it`,
          label: 'read by nobody',
          related: [
            ...(command === undefined ? [] : [{ at: command.at, message: 'the unit, without this file' }]),
            { at: target.at, message: 'the proxy connects here' },
          ],
          help:
            name === JENKINS
              ? `Write \`Environment="JENKINS_PORT=${port}"\` below \`[Service]\`, by \`systemctl edit jenkins\``
              : `Write \`EnvironmentFile=${source.path}\` below \`[Service]\` of \`${name}\``,
        }
      }
    }
  },
})

const JENKINS = 'jenkins.service'
const DIRECTORIES = ['/etc/default', '/etc/sysconfig']
/** Programs that read no file of a distribution by themselves, as a script may. */
const PLAIN =
  /^(?:node(?:js)?|deno|bun|java|dotnet|python[\d.]*|gunicorn|uvicorn|hypercorn|daphne|waitress-serve|granian|uwsgi|puma|ruby|php[\d.]*)$/

interface Unread {
  readonly source: Source
  readonly service: ServiceUnit
  /** Of the unit. */
  readonly name: string
}

/** The files for units that systemd starts without them. */
const unreadDefaults = memo(({ container, files }: Machine): readonly Unread[] => {
  if (container !== null) return []
  return DIRECTORIES.flatMap(directory =>
    (files.list(directory) ?? []).flatMap(({ name: base, kind }): Unread[] => {
      const path = posix.join(directory, base)
      const name = `${base}.service`
      const service = kind === 'file' && /^[\w.-]+$/.test(base) ? namedService(files, name) : null
      if (service === null || service.unit.main === null || mayRead(files, service, path, name)) return []
      const source = sourceAt(files, path)
      return source === null || source.template ? [] : [{ source, service, name }]
    }),
  )
})

/** True where the unit names the file, or may, and where what it starts may read it. */
function mayRead(
  files: FileSystem,
  { unit, environmentFiles, start }: ServiceUnit,
  path: string,
  name: string,
): boolean {
  if (unit.sources.some(({ template, code }) => template || code.includes(path))) return true
  if (environmentFiles.some(({ path: own }) => !own.known || /[*?[%]/.test(own.value) || own.value === path))
    return true
  return (
    start.length === 0 ||
    start.some(({ words }) =>
      words.some(({ text }) => sourceAt(files, text)?.code.includes(path) === true),
    ) ||
    start.some(({ words: [program] }) => {
      const own = posix.basename(program?.text ?? '')
      return !PLAIN.test(own) && !(name === JENKINS && program?.text === '/usr/bin/jenkins')
    })
  )
}

/** The port that a line is there for: of a variable called so, or of an option in one. */
function portOf({ name, value }: FileVariable): number | null {
  if (/^(?:(?:HTTP|HTTPS|SERVER|APP|WEB|LISTEN|JENKINS)_)?PORT$/.test(name))
    return /^\d{2,5}$/.test(value) ? Number(value) : null
  const option = /(?:^|\s)--(?:http-?)?port[= ](\d{2,5})(?=\s|$)/i.exec(value)
  return option === null ? null : Number(option[1])
}

/** True where the unit, or a file that it reads, has the number as well. */
function knowsPort({ files }: Machine, { unit, environmentFiles }: ServiceUnit, port: number): boolean {
  const read = environmentFiles.flatMap(({ path }) => (path.known ? (sourceAt(files, path.value) ?? []) : []))
  return [...unit.sources, ...read].some(({ code }) =>
    new RegExp(String.raw`(?<!\d)${port}(?!\d)`).test(code),
  )
}

/** The ports of each machine that its own proxies connect to, and that no program of the audit opens. */
const unopenedPorts = memo(
  ({ connections }: Deployment): ReadonlyMap<Machine, ReadonlyMap<number, Target>> => {
    const byMachine = new Map<Machine, Map<number, Target>>()
    for (const { from, targets } of connections.all) {
      for (const target of targets) {
        const isOpen = target.to.kind !== 'unclaimed' && target.to.kind !== 'refused'
        if (isOpen || target.local !== true || target.port === null) continue
        const ports = byMachine.get(from.machine) ?? new Map<number, Target>()
        byMachine.set(from.machine, ports)
        if (!ports.has(target.port)) ports.set(target.port, target)
      }
    }
    return byMachine
  },
)
