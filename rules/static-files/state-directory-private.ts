import { posix } from 'node:path'
import { memo } from '../../parsers/collections/memo.ts'
import { readUnit, unitNames } from '../../parsers/systemd/read-unit.ts'
import { readServiceUnit, type ServiceUnit } from '../../parsers/systemd/service-unit.ts'
import { UnitSection } from '../../parsers/systemd/unit-values.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import type { Place } from '../../parsers/text/source.ts'
import { unitFilesOf } from '../../src/deployment/build/programs/app-commands.ts'
import { serviceOf } from '../../src/deployment/service-of.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { apacheMain, nginxMain, nginxServer } from '../_examples.ts'
import { apacheUser, nginxUser } from '../_worker-account.ts'
import { pathsOfApache, pathsOfNginx } from './_served-paths.ts'

const unit = (lines: string): string => conf`
  [Service]
  ${lines}
  ExecStart=/opt/gallery/venv/bin/gunicorn --bind 127.0.0.1:8000 gallery:app
`
const tree = (path: string, lines = 'DynamicUser=yes\nStateDirectory=gallery'): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      location /media/ {
          alias ${path};
      }
      location / {
          proxy_pass http://127.0.0.1:8000;
      }
    `),
  ),
  'etc/systemd/system/gallery.service': unit(lines),
})

export default defineRule({
  summary: 'What is served lies in a directory that systemd keeps for a dynamic user alone',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'With `DynamicUser=yes` the directory of `StateDirectory=gallery` is `/var/lib/private/gallery`, and `/var/lib/gallery` is a link to it. `/var/lib/private` belongs to root and has mode 0700, so that no other account gets to what a former or later owner of the number leaves there; those of `CacheDirectory=` and `LogsDirectory=` are as closed. The workers of nginx and Apache answer 403 for every file, `open() "/var/lib/gallery/…" failed (13: Permission denied)`, and 502 for a socket.',
  remedy:
    'Give the service an account with `User=` in place of `DynamicUser=`, or let the application send the files itself; a socket belongs into `RuntimeDirectory=`, which is open',
  references: [
    'https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#DynamicUser=',
    'https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#RuntimeDirectory=',
  ],
  unproven: 'The live tests start no systemd, which makes the directory',
  bad: [
    { title: 'uploads', files: tree('«/var/lib/gallery/media/»') },
    {
      title: 'a directory below one of its own',
      files: tree('«/var/lib/gallery/media/»', 'DynamicUser=yes\nStateDirectory=gallery/media gallery/cache'),
    },
    {
      title: 'what a cache holds',
      files: tree('«/var/cache/gallery/»', 'DynamicUser=1\nCacheDirectory=gallery'),
    },
    { title: 'the directory itself', files: tree('«/var/lib/private/gallery/media/»') },
    {
      title: 'Apache',
      files: {
        'etc/apache2/apache2.conf': apacheMain(
          conf`
            User www-data
            Listen 80
            ServerName example.org
            Alias /media/ «/var/lib/gallery/media/»
          `,
          ['alias'],
        ),
        'etc/systemd/system/gallery.service': unit('DynamicUser=yes\nStateDirectory=gallery'),
      },
    },
  ],
  good: [
    { title: 'an account', files: tree('/var/lib/gallery/media/', 'User=gallery\nStateDirectory=gallery') },
    { title: 'another directory', files: tree('/srv/gallery/media/') },
    {
      title: 'a directory whose name begins alike',
      files: tree('/var/lib/gallery-media/'),
    },
    {
      title: 'a directory of the run',
      files: tree('/run/gallery/media/', 'DynamicUser=yes\nRuntimeDirectory=gallery'),
    },
    {
      title: 'a server that runs as root',
      files: {
        ...tree(''),
        'etc/nginx/nginx.conf': `user root;\n${tree('/var/lib/gallery/media/')['etc/nginx/nginx.conf']}`,
      },
    },
    {
      title: 'a unit of nginx that has the directory elsewhere',
      files: {
        ...tree('/var/lib/gallery/media/'),
        'etc/systemd/system/nginx.service': conf`
          [Service]
          ExecStart=/usr/sbin/nginx
          BindReadOnlyPaths=/var/lib/private/gallery:/var/lib/gallery
        `,
      },
    },
    {
      title: 'a unit that is switched back',
      files: tree('/var/lib/gallery/media/', 'DynamicUser=yes\nStateDirectory=gallery\nDynamicUser=no'),
    },
  ],
  *check({ programs }) {
    for (const program of programs) {
      if ((program.kind !== 'nginx' && program.kind !== 'apache') || program.machine.container !== null)
        continue
      const kept = privateDirectories(program.machine.files)
      if (kept.length === 0) continue
      const isNginx = program.kind === 'nginx'
      const user = isNginx ? nginxUser(program.configuration) : apacheUser(program.configuration)
      if (user?.name === 'root' || (user === null && program.configuration.occurrences.has('user'))) continue
      const own = serviceOf(program)
      if (own?.unit.settings.some(({ name }) => /^Bind(?:ReadOnly)?Paths$/.test(name)) === true) continue
      const paths = isNginx ? pathsOfNginx(program.configuration) : pathsOfApache(program.configuration)
      for (const { path, at } of paths) {
        if (!path.startsWith('/')) continue
        const found = kept.find(({ names }) => names.some(name => isBelow(cleanPath(path), name)))
        if (found === undefined) continue
        yield {
          at,
          message: `with \`DynamicUser=\` it lies below \`${found.closed}\`, which ${user === null ? 'the workers of the server' : `\`${user.name}\``} may not enter: failed (13: Permission denied)`,
          label: `below \`${found.closed}\``,
          related: [
            { at: found.dynamicAt, message: 'the service runs as a dynamic user' },
            { at: found.at, message: 'made here' },
          ],
        }
      }
    }
  },
})

interface PrivateDirectory {
  /** Both paths of it: the link, and what it leads to. */
  readonly names: readonly string[]
  /** `/var/lib/private` */
  readonly closed: string
  readonly at: Place
  readonly dynamicAt: Place
}

const KEPT = [
  ['StateDirectory', '/var/lib'],
  ['CacheDirectory', '/var/cache'],
  ['LogsDirectory', '/var/log'],
] as const

/** The directories of services with dynamic users, of a machine. */
const privateDirectories = memo((files: FileSystem): readonly PrivateDirectory[] => {
  const unitFiles = unitFilesOf(files)
  return unitNames(unitFiles, '.service').flatMap(name => {
    const unit = readUnit(unitFiles, name)
    return unit.sources.some(({ code }) => code.includes('DynamicUser')) ? keptBy(readServiceUnit(unit)) : []
  })
})

function keptBy({ unit, dynamicUser }: ServiceUnit): readonly PrivateDirectory[] {
  const dynamicAt = dynamicUser?.at
  if (dynamicUser?.known !== true || !dynamicUser.value || dynamicAt == null) return []
  const service = new UnitSection(unit, 'Service')
  return KEPT.flatMap(([name, base]) =>
    service.facts(name).flatMap(fact => {
      if (!fact.known || fact.at === null || !/^[\w.-]+(?:\/[\w.-]+)*$/.test(fact.value)) return []
      const closed = `${base}/private`
      const names = [posix.join(base, fact.value), posix.join(closed, fact.value)]
      return [{ names, closed, at: fact.at, dynamicAt }]
    }),
  )
}
