import type { Place } from '../../parsers/text/source.ts'
import { programName } from '../../src/deployment/destination-words.ts'
import type { AppServerProgram } from '../../src/deployment/model.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { readOnlySystem } from '../_read-only-system.ts'
import { behindNginx, serviceUnit } from './_examples.ts'

const tree = (bind: string, lines: string, options = ''): Record<string, string> =>
  behindNginx(
    serviceUnit(
      `/usr/bin/gunicorn --bind unix:${bind} ${options} shop.wsgi`,
      `RuntimeDirectory=shop\n${lines}`,
    ),
    {},
    `unix:${bind}`,
  )

export default defineRule({
  summary: 'A unit makes all files read-only, and its application server writes one',
  severity: 'error',
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
    { title: 'the system alone', files: tree('/srv/shop/shop.sock', 'ProtectSystem=full') },
  ],
  *check({ programs }) {
    for (const program of programs) {
      if (program.kind !== 'app-server' || program.service === null) continue
      const system = readOnlySystem(program.service)
      if (system === null) continue
      const written = writtenBy(program).find(({ path }) => path.startsWith('/') && !system.mayWrite(path))
      if (written === undefined) continue
      const { path, at } = written
      yield {
        at: system.at,
        message: `${programName(program)} may not make \`${path}\`, as no \`ReadWritePaths=\` names it: Read-only file system`,
        label: 'all is read-only',
        related: [{ at, message: 'made here' }],
        help: `Add \`ReadWritePaths=${path.replace(/\/[^/]*$/, '')}\``,
      }
    }
  },
})

interface Written {
  readonly path: string
  readonly at: Place
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
