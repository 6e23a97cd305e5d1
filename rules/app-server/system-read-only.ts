import type { Place } from '../../parsers/text/source.ts'
import { programName } from '../../src/deployment/destination-words.ts'
import type { AppServerProgram, Deployment } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { directoryOfUrl, keepsUploadsInFiles } from '../../src/deployment/django/static-settings.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { readOnlySystem } from '../_read-only-system.ts'
import { behindNginx, serviceUnit, WSGI } from './_examples.ts'

const tree = (bind: string, lines: string, options = ''): Record<string, string> =>
  behindNginx(
    serviceUnit(
      `/usr/bin/gunicorn --bind unix:${bind} ${options} shop.wsgi`,
      `RuntimeDirectory=shop\n${lines}`,
    ),
    {},
    `unix:${bind}`,
  )

const withUploads: Record<string, string> = {
  'etc/shop/shop/__init__.py': '',
  'etc/shop/shop/wsgi.py': WSGI,
  'etc/shop/shop/settings.py': conf`
    MEDIA_URL = '/media/'
    MEDIA_ROOT = '/srv/shop/media'
  `,
}

export default defineRule({
  summary: 'A unit makes all files read-only, and its application server writes one',
  severity: 'error',
  otherSeverities: { warning: 'where only `MEDIA_ROOT` says that files are written' },
  confidence: 'high',
  since: '0.1.0',
  why: 'With `ProtectSystem=strict` a service may write below `/dev`, `/proc` and `/sys`, in the directories that systemd makes for it, and in what `ReadWritePaths=` names. The application server stops with `Read-only file system` where it makes its socket, its log or the file with its number elsewhere.',
  remedy: 'Name the directory in `ReadWritePaths=`, or let `RuntimeDirectory=` and `LogsDirectory=` make one',
  references: ['https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#ProtectSystem='],
  unproven: 'The live tests start no systemd, which makes the files read-only',
  bad: [
    {
      title: 'a socket beside the application',
      files: tree('/srv/shop/shop.sock', 'ProtectSystem=«strict»'),
    },
    {
      title: 'a log',
      files: tree('/run/shop/shop.sock', 'ProtectSystem=«strict»', '--error-logfile /var/log/shop/error.log'),
    },
    {
      title: 'the directory of uploads',
      files: { ...tree('/run/shop/shop.sock', 'ProtectSystem=«strict»'), ...withUploads },
    },
  ],
  good: [
    { title: 'its own directory', files: tree('/run/shop/shop.sock', 'ProtectSystem=strict') },
    {
      title: 'a directory that the unit names',
      files: tree('/srv/shop/shop.sock', 'ProtectSystem=strict\nReadWritePaths=/srv/shop'),
    },
    {
      title: 'a log below one of its own, or to the journal',
      files: tree(
        '/run/shop/shop.sock',
        'ProtectSystem=strict\nLogsDirectory=shop',
        '--access-logfile /var/log/shop/access.log --error-logfile -',
      ),
    },
    {
      title: 'uploads that lie elsewhere',
      files: {
        ...tree('/run/shop/shop.sock', 'ProtectSystem=strict\nReadWritePaths=/srv/shop/media'),
        ...withUploads,
      },
    },
    { title: 'the system alone', files: tree('/srv/shop/shop.sock', 'ProtectSystem=full') },
  ],
  *check(deployment) {
    for (const program of deployment.programs) {
      if (program.kind !== 'app-server' || program.service === null) continue
      const system = readOnlySystem(program.service)
      if (system === null) continue
      const written = [...writtenBy(program), ...uploadsOf(deployment, program)].find(
        ({ path }) => path.startsWith('/') && !system.mayWrite(path),
      )
      if (written === undefined) continue
      const { path, at, isUploads = false } = written
      yield {
        at: system.at,
        ...(isUploads && { severity: 'warning' as const }),
        message: `${programName(program)} may not ${isUploads ? 'keep uploads in' : 'make'} \`${path}\`, as no \`ReadWritePaths=\` names it: Read-only file system`,
        label: 'all is read-only',
        related: [{ at, message: isUploads ? 'written there' : 'made here' }],
        help: `Add \`ReadWritePaths=${isUploads ? path : path.replace(/\/[^/]*$/, '')}\``,
      }
    }
  },
})

interface Written {
  readonly path: string
  readonly at: Place
  /** True for a directory in which files come to be, where somebody uploads some. */
  readonly isUploads?: boolean
}

/** Where the application keeps what its users upload, as nginx hands it out from there. */
function uploadsOf(deployment: Deployment, program: AppServerProgram): readonly Written[] {
  const settings = deployment.moduleOf(program)?.settings ?? null
  const media = settings === null ? null : directoryOfUrl(settings, 'MEDIA')
  if (settings === null || media?.directoryAt == null || !keepsUploadsInFiles(settings)) return []
  return [{ path: media.directory, at: media.directoryAt, isUploads: true }]
}

/** The files that an application server makes: its sockets, its logs and the file with its number. */
function writtenBy({ server, sockets }: AppServerProgram): readonly Written[] {
  const made: Written[] = []
  for (const { endpoint, at, unit } of sockets)
    if (unit === null && endpoint.known && endpoint.value.address.kind === 'unix')
      made.push({ path: endpoint.value.address.path, at })
  if (server.program !== 'gunicorn') return made
  for (const name of ['errorlog', 'accesslog', 'pidfile']) {
    const path = server.settings.get(name)
    if (path?.known === true && path.at !== null && typeof path.value === 'string')
      made.push({ path: path.value, at: path.at })
  }
  return made
}
