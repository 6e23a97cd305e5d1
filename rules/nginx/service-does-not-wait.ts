import { isUnknownWord, type Place } from '../../parsers/text/source.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import type { ServiceUnit } from '../../parsers/systemd/service-unit.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { serviceOf } from '../../src/deployment/service-of.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { inRun } from '../_in-run.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const files = (main: string, service: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': conf`
    ${main}
    ${nginxMain(nginxServer('return 204;'))}
  `,
  'etc/systemd/system/nginx.service': conf`
    [Unit]
    Description=nginx

    [Service]
    ${service}

    [Install]
    WantedBy=multi-user.target
  `,
})

export default defineRule({
  summary: 'systemd and nginx do not agree on whether nginx goes into the background',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'With `Type=forking` systemd waits until the command has ended and the file of `PIDFile=` is there; nginx with `daemon off`, or with another `pid`, never gets it so far: `start operation timed out`, and systemd kills it after 90 seconds. Without `Type=forking` nginx ends its first process, and systemd kills the rest.',
  remedy:
    'Let `Type=forking`, no `daemon off` and one path for `pid` and `PIDFile=` stand together; or leave `Type=` out and write `daemon off`',
  references: [
    'https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html#Type=',
    'https://nginx.org/en/docs/ngx_core_module.html#daemon',
  ],
  unproven: 'The live tests start no systemd, which ends the server',
  bad: [
    {
      title: 'in the foreground, and waited for',
      files: files(
        'daemon «off»;',
        conf`
          Type=forking
          PIDFile=/run/nginx.pid
          ExecStart=/usr/sbin/nginx
        `,
      ),
    },
    {
      title: 'another file',
      files: files(
        'pid «/run/nginx/nginx.pid»;',
        conf`
          Type=forking
          PIDFile=/run/nginx.pid
          ExecStart=/usr/sbin/nginx -g 'daemon on; master_process on;'
        `,
      ),
    },
    {
      title: 'said twice',
      files: files(
        'daemon «off»;',
        conf`
          Type=forking
          PIDFile=/run/nginx.pid
          ExecStart=/usr/sbin/nginx -g 'daemon on; master_process on;'
        `,
      ),
    },
  ],
  good: [
    {
      title: 'in the background',
      files: files(
        'pid /var/run/nginx.pid;',
        conf`
          Type=forking
          PIDFile=/run/nginx.pid
          ExecStart=/usr/sbin/nginx -g 'daemon on; master_process on;'
        `,
      ),
    },
    {
      title: 'in the foreground',
      files: files('daemon off;', 'ExecStart=/usr/sbin/nginx'),
    },
    {
      title: 'told by the command',
      files: files(
        'pid /run/nginx/nginx.pid;',
        conf`
          Type=simple
          ExecStart=/usr/sbin/nginx -g 'daemon off;'
        `,
      ),
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'nginx')) {
      const { configuration } = program
      if (configuration.main === null) continue
      const service = serviceOf(program)
      const [start] = service?.start ?? []
      if (service === null || start === undefined || service.start.length > 1) continue
      const words = start.words.map(({ text }) => text)
      if (!/(?:^|\/)nginx$/.test(words[0] ?? '') || words.includes('-c') || words.includes('-p')) continue
      const command = words.join(' ')
      const daemon = configuration.occurrences.get('daemon')?.[0]
      const type = service.type?.known === false ? null : (service.type?.value ?? 'simple')
      if (type === null || /[$%]/.test(command)) continue
      if (daemon !== undefined && /\bdaemon\b/.test(command)) {
        yield {
          at: argumentPlace(daemon, 0),
          message: '`daemon` stands in the command of nginx.service too, and nginx refuses it twice',
          fatal: true,
          related: relatedTo(service, 'ExecStart'),
        }
        continue
      }
      const isOff = daemon?.args[0]?.value.toLowerCase() === 'off'
      if (type !== 'forking') continue
      if (isOff && daemon !== undefined) {
        yield {
          at: argumentPlace(daemon, 0),
          message: 'nginx stays in the foreground, and nginx.service waits for it to go into the background',
          related: relatedTo(service, 'Type'),
        }
        continue
      }
      const pid = configuration.occurrences.get('pid')?.[0]
      const path = pid?.args[0]?.value
      const awaited = service.pidFile
      if (pid === undefined || path === undefined || awaited?.known !== true || /\bpid\b/.test(command))
        continue
      if (!path.startsWith('/') || isUnknownWord(path) || isSamePath(path, awaited.value)) continue
      yield {
        at: argumentPlace(pid, 0),
        message: `nginx writes its number to \`${path}\`, and nginx.service waits for \`${awaited.value}\``,
        related: relatedTo(service, 'PIDFile'),
      }
    }
  },
})

function isSamePath(one: string, other: string): boolean {
  return inRun(one) === inRun(other.startsWith('/') ? other : `/run/${other}`)
}

function relatedTo(
  { type, pidFile, start }: ServiceUnit,
  setting: 'Type' | 'PIDFile' | 'ExecStart',
): readonly { readonly at: Place; readonly message: string }[] {
  const at =
    setting === 'Type'
      ? type?.at
      : setting === 'PIDFile'
        ? pidFile?.at
        : start[0]?.words[0] && placeOf(start[0].words[0])
  return at === undefined || at === null ? [] : [{ at, message: `\`${setting}=\` of the unit` }]
}
