import { memo } from '../../parsers/collections/memo.ts'
import type { UnitSetting } from '../../parsers/systemd/parse-unit.ts'
import { readUnit, type Unit, type UnitFiles, unitNames } from '../../parsers/systemd/read-unit.ts'
import { isUnknownWord, type Place } from '../../parsers/text/source.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { behindNginx, serviceUnit } from './_examples.ts'

const timed = (when: string, name = 'sessions'): Record<string, string> =>
  behindNginx(serviceUnit('/usr/bin/gunicorn shop.wsgi:application'), {
    [`etc/systemd/system/${name}.timer`]: conf`
      ${name === 'sessions' ? '[Timer]' : '«[Timer]»'}
      OnCalendar=${when}
      [Install]
      WantedBy=timers.target
    `,
    'etc/systemd/system/sessions.service': conf`
      [Service]
      Type=oneshot
      ExecStart=/usr/bin/python3 /etc/shop/manage.py clearsessions
    `,
  })
const socketed = (socket: string, more = ''): Record<string, string> =>
  behindNginx(
    conf`
      [Unit]
      Requires=gunicorn.socket
      [Service]
      ExecStart=/usr/bin/gunicorn shop.wsgi:application
    `,
    {
      'etc/systemd/system/gunicorn.socket': conf`
        ${socket}
        ListenStream=127.0.0.1:8000
        ${more}
        [Install]
        WantedBy=sockets.target
      `,
    },
  )

export default defineRule({
  summary: 'A socket or a timer of systemd starts nothing',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'A `.socket` and a `.timer` start the service of their own name, unless `Service=` or `Unit=` names another. Without it a socket is not opened (`Socket service gunicorn.service not loaded, refusing`), and a timer runs nothing. A time that systemd cannot read, such as the five columns of cron, is left out: `Failed to parse calendar specification`, and a timer without any is refused.',
  remedy:
    'Give both the same name, or name the service in `Service=` or `Unit=`, and write times as `*-*-* 03:00:00`',
  references: [
    'https://www.freedesktop.org/software/systemd/man/latest/systemd.socket.html#Service=',
    'https://www.freedesktop.org/software/systemd/man/latest/systemd.timer.html#Unit=',
    'https://www.freedesktop.org/software/systemd/man/latest/systemd.time.html#Calendar%20Events',
  ],
  unproven: 'The live tests start no systemd; `systemd-analyze calendar` says which times it reads',
  bad: [
    { title: 'a socket whose service is called otherwise', files: socketed('«[Socket]»') },
    { title: 'a timer whose service is called otherwise', files: timed('daily', 'clear-sessions') },
    { title: 'a time of cron', files: timed('«0 3 * * *»') },
    { title: 'a word of cron', files: timed('«@daily»') },
    { title: 'a time in words', files: timed('«every 5 minutes»') },
  ],
  good: [
    { title: 'the service by its name', files: socketed('[Socket]', 'Service=shop.service') },
    { title: 'times as systemd reads them', files: timed('Mon..Fri *-*-* 03:00:00') },
    {
      title: 'the unit by its name',
      files: Object.fromEntries(
        Object.entries(timed('daily', 'clear-sessions')).map(([path, text]) => [
          path,
          text.replace('OnCalendar', 'Unit=sessions.service\nOnCalendar'),
        ]),
      ),
    },
    {
      title: 'a timer of a package',
      files: {
        ...timed('daily'),
        'etc/systemd/system/certbot.timer': '[Timer]\nOnCalendar=*-*-* 00,12:00:00\n',
      },
    },
  ],
  *check({ machines }) {
    for (const { files } of machines) {
      const units = unitsOf(files)
      for (const socket of units.sockets) yield* ofSocket(socket, units)
      for (const timer of units.timers) {
        yield* ofCalendar(timer)
        yield* ofTimer(timer, units)
      }
    }
  },
})

interface Units {
  readonly sockets: readonly Unit[]
  readonly timers: readonly Unit[]
  readonly services: readonly Unit[]
  readonly names: ReadonlySet<string>
}

/** The units with files of their own below /etc; and the names of all services. */
const unitsOf = memo((files: FileSystem): Units => {
  const unitFiles: UnitFiles = {
    read: path => sourceAt(files, path),
    list: directory => files.list(directory)?.map(({ name }) => name) ?? null,
  }
  const read = (suffix: string): readonly Unit[] =>
    unitNames(unitFiles, suffix)
      .map(name => readUnit(unitFiles, name))
      .filter(({ main, name }) => main?.path.includes('/etc/systemd/') === true && name.instance === null)
  const [sockets, timers] = [read('.socket'), read('.timer')]
  if (sockets.length + timers.length === 0) return { sockets, timers, services: [], names: new Set() }
  const names = unitNames(unitFiles, '.service')
  return { sockets, timers, services: read('.service'), names: new Set(names) }
})

function settingsOf(unit: Unit, section: string, name: string): readonly UnitSetting[] {
  return unit.settings.filter(each => each.section === section && each.name === name)
}

/** Of a socket that a service of another name asks for, the one of its own is not that of a package. */
function* ofSocket(socket: Unit, { services, names }: Units): Iterable<RuleFinding> {
  if (settingsOf(socket, 'Socket', 'Service').length > 0) return
  if (settingsOf(socket, 'Socket', 'Accept').length > 0) return
  const { full } = socket.name
  const own = full.replace(/\.socket$/, '.service')
  if (names.has(own)) return
  const asking = services.filter(service =>
    service.settings.some(
      ({ name, written }) =>
        /^(?:Requires|BindsTo|Wants|After|Sockets|Also)$/.test(name) &&
        written.text.split(/\s+/).includes(full),
    ),
  )
  const [meant] = asking
  const at = headOf(socket, 'Socket')
  if (meant === undefined || asking.length > 1 || at === null) return
  yield {
    at,
    message: `it starts \`${own}\`, which is not there, and so is not opened: Socket service ${own} not loaded, refusing`,
    label: 'the service is called otherwise',
    related: placesOf(meant, 'asks for this socket'),
    help: `Write \`Service=${meant.name.full}\`, or call both alike`,
  }
}

/** The one timer without a service, and the one service that nothing starts. */
function* ofTimer(timer: Unit, { timers, services, names }: Units): Iterable<RuleFinding> {
  const startedBy = ({ name, settings }: Unit): string =>
    settings.findLast(each => each.section === 'Timer' && each.name === 'Unit')?.written.text ??
    name.full.replace(/\.timer$/, '.service')
  const own = startedBy(timer)
  if (!own.endsWith('.service') || names.has(own) || /[%$@]/.test(own) || isUnknownWord(own)) return
  const started = new Set(timers.map(startedBy))
  const idle = services.filter(
    service =>
      !started.has(service.name.full) &&
      settingsOf(service, 'Service', 'Type').some(({ written }) => written.text === 'oneshot') &&
      !service.settings.some(({ section }) => section === 'Install'),
  )
  const [meant] = idle
  const at = headOf(timer, 'Timer')
  if (meant === undefined || idle.length > 1 || at === null || !isAlike(own, meant.name.full)) return
  yield {
    at,
    message: `it starts \`${own}\`, which is not there: Unit ${own} not found`,
    label: 'the service is called otherwise',
    related: placesOf(meant, 'nothing starts this one'),
    help: `Write \`Unit=${meant.name.full}\`, or call both alike`,
  }
}

/** True where one of the names has a word of the other. */
function isAlike(one: string, other: string): boolean {
  const [first, second] = [one, other].map(each => each.replace(/\.\w+$/, ''))
  return (
    first!.split(/[-_]/).some(word => word.length > 2 && second!.includes(word)) ||
    second!.split(/[-_]/).some(word => word.length > 2 && first!.includes(word))
  )
}

/** Five columns of cron, its words, and times in words: none of them is one that systemd reads. */
const NO_CALENDAR =
  /^(?:(?:[\d*][\d*/,-]*[ \t]+){4}[\d*][\d*/,-]*|@(?:daily|hourly|weekly|monthly|yearly|annually|reboot|midnight)|every[ \t]+\w.*|\d+[ap]m|(?:daily|hourly|weekly|monthly)[ \t]+\d.*|(?:\*-\*-\*[ \t]+)?24:00(?::00)?)$/i

function* ofCalendar(timer: Unit): Iterable<RuleFinding> {
  for (const { written } of settingsOf(timer, 'Timer', 'OnCalendar')) {
    if (!NO_CALENDAR.test(written.text)) continue
    yield {
      at: placeOf(written),
      message: `systemd reads no such time, and leaves it out: Failed to parse calendar specification`,
      label: 'no time of systemd',
      help: 'Write it as `*-*-* 03:00:00`',
    }
  }
}

/** The line that opens a section. */
function headOf({ main: source }: Unit, section: string): Place | null {
  if (source === null) return null
  const start = source.code.indexOf(`[${section}]`)
  return start === -1 ? null : { source, start, end: start + section.length + 2 }
}

function placesOf(unit: Unit, message: string): NonNullable<RuleFinding['related']> {
  const at = headOf(unit, 'Service')
  return at === null ? [] : [{ at, message }]
}
