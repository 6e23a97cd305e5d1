import { isUnknownWord, matchedPlace, type Place, type Source } from '../../parsers/text/source.ts'
import { escapePattern } from '../../parsers/text/escape-pattern.ts'
import { unitNames } from '../../parsers/systemd/read-unit.ts'
import type { ServiceUnit } from '../../parsers/systemd/service-unit.ts'
import type { Deployment, Machine } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { behindNginx } from './_examples.ts'
import { enabledInVain } from './_units-of-setups.ts'

const unit = (command: string, more = ''): string => conf`
  «[Unit]»
  Description=Shop
  After=network.target

  [Service]
  User=www-data
  WorkingDirectory=/etc/shop
  ExecStart=${command}
  Restart=always
  ${more}
`
const GUNICORN = unit('/usr/bin/gunicorn --bind 127.0.0.1:8000 shop.wsgi:application')
const INSTALL = conf`

  [Install]
  WantedBy=multi-user.target
`

/** A unit that a script brings and enables. */
const installed = (text: string, command = 'systemctl enable --now shop'): Record<string, string> => ({
  'deploy/nginx.conf': conf`
    server {
        listen 80;
        server_name example.org;
        location / {
            proxy_pass http://127.0.0.1:8000;
            proxy_set_header Host $host;
        }
    }
  `,
  'deploy/shop.service': text,
  'deploy/install.sh': conf`
    #!/bin/sh
    cp deploy/shop.service /etc/systemd/system/shop.service
    systemctl daemon-reload
    ${command}
  `,
})

export default defineRule({
  summary: 'A unit has no `[Install]`, and nothing else starts it',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'systemd starts at boot what a target wants, and `systemctl enable` makes that of `WantedBy=` in `[Install]`. Without it the command says “The unit files have no installation config”, and enables nothing: after the next reboot the application does not run, and the proxy answers 502.',
  remedy: 'Write `[Install]` with `WantedBy=multi-user.target` at the end of the unit, and enable it',
  references: [
    'https://www.freedesktop.org/software/systemd/man/latest/systemd.unit.html#%5BInstall%5D%20Section%20Options',
    'https://www.freedesktop.org/software/systemd/man/latest/systemctl.html#enable%20UNIT%E2%80%A6',
  ],
  unproven: 'The live tests start no systemd; `systemctl enable` says it of such a unit',
  bad: [
    { title: 'gunicorn', files: behindNginx(GUNICORN) },
    { title: 'a unit that a script enables', files: installed(GUNICORN) },
    {
      title: 'a unit that a script starts',
      files: installed(GUNICORN, 'systemctl restart shop.service'),
    },
    {
      title: 'what no reader knows, and a script enables',
      files: {
        'deploy/bot.service': conf`
          «[Unit]»
          Description=Bot

          [Service]
          ExecStart=/srv/bot/run
        `,
        'deploy/install.sh': conf`
          #!/bin/sh
          cp deploy/bot.service /etc/systemd/system/
          systemctl enable --now bot
        `,
      },
    },
    {
      title: 'uvicorn, after another unit',
      files: behindNginx(
        unit('/usr/bin/uvicorn shop.asgi:application --port 8000').replace(
          'network.target',
          'postgresql.service',
        ),
        {
          'etc/systemd/system/other.service': conf`
            [Unit]
            Description=Other
            [Service]
            ExecStart=/usr/bin/true
            ${INSTALL}
          `,
        },
      ),
    },
  ],
  good: [
    { title: 'a unit that is installed', files: behindNginx(`${GUNICORN}${INSTALL}`) },
    { title: 'one that a script enables', files: installed(`${GUNICORN}${INSTALL}`) },
    {
      title: 'a socket that starts it',
      files: behindNginx(GUNICORN, {
        'etc/systemd/system/shop.socket': conf`
          [Socket]
          ListenStream=127.0.0.1:8000
          [Install]
          WantedBy=sockets.target
        `,
      }),
    },
    {
      title: 'a timer, which the script enables in its place',
      files: {
        'deploy/shop.service': GUNICORN,
        'deploy/shop.timer': conf`
          [Timer]
          OnCalendar=daily
          [Install]
          WantedBy=timers.target
        `,
        'deploy/install.sh': conf`
          #!/bin/sh
          systemctl enable --now shop.timer
        `,
      },
    },
    {
      title: 'a target that wants it',
      files: behindNginx(GUNICORN, {
        'etc/systemd/system/site.target': conf`
          [Unit]
          Wants=shop.service
          [Install]
          WantedBy=multi-user.target
        `,
      }),
    },
    {
      title: 'a part of a target',
      files: behindNginx(GUNICORN.replace('Description=Shop', 'Description=Shop\nPartOf=site.target')),
    },
    {
      title: 'a drop-in with the section',
      files: behindNginx(GUNICORN, { 'etc/systemd/system/shop.service.d/install.conf': INSTALL }),
    },
    {
      title: 'a link of a target',
      files: behindNginx(GUNICORN, { 'etc/systemd/system/multi-user.target.wants/shop.service': GUNICORN }),
    },
    {
      title: 'a script that lets a target want it',
      files: installed(GUNICORN, 'systemctl add-wants multi-user.target shop.service'),
    },
    { title: 'an excerpt of a unit', files: behindNginx(GUNICORN.replace(/^[\s\S]*?\n\n/, '')) },
  ],
  *check(deployment) {
    for (const { service, by, machine, sockets } of programsOfKind(deployment, 'app-server')) {
      if (service === null || by !== 'systemd' || machine.container !== null) continue
      const at = headOf(service)
      if (at === null || sockets.some(socket => socket.unit !== null)) continue
      if (mayBeWanted(deployment, machine, service)) continue
      const { full } = service.unit.name
      const enabled = enabling(deployment, full)
      yield {
        at,
        message: `nothing starts \`${full}\` at boot: it has no \`[Install]\`, and ${enabled === null ? 'no other unit wants it' : 'enabling it does nothing'}`,
        label: 'The unit files have no installation config',
        ...(enabled === null
          ? { confidence: 'medium' as const }
          : { related: [{ at: enabled, message: 'enables nothing' }] }),
      }
    }
    yield* enabledInVain(deployment)
  },
})

/** The first line of a unit that is written out, with what people read of it; null for an excerpt, and for an instance. */
function headOf({ unit, type, wants }: ServiceUnit): Place | null {
  const { main, name, settings, sources } = unit
  if (main === null || name.instance !== null) return null
  if (type !== null && (!type.known || /^(?:oneshot|dbus)$/.test(type.value))) return null
  if (wants.some(each => !each.known)) return null
  if (sources.some(({ text }) => /\[Install\]|\bWantedBy\b/i.test(text))) return null
  if (settings.some(each => each.section === 'Unit' && OF_OTHERS.test(each.name))) return null
  if (!settings.some(each => each.section === 'Unit' && each.name === 'Description')) return null
  const start = main.code.indexOf('[Unit]')
  return start === -1 || isUnknownWord(main.code.slice(0, start))
    ? null
    : { source: main, start, end: start + 6 }
}

/** What is said of a unit that another one brings with itself. */
const OF_OTHERS = /^(?:PartOf|BindsTo|RefuseManualStart|Upholds|StopWhenUnneeded)$/

/** True where another unit names it, or a text of the repository may let something start it at boot. */
function mayBeWanted(deployment: Deployment, { files }: Machine, { unit }: ServiceUnit): boolean {
  const { full } = unit.name
  const stem = full.replace(/\.service$/, '')
  const named = new RegExp(String.raw`(?<![\w.-])${escapePattern(stem)}(?![\w-])`)
  const read = (path: string): Source | null => sourceAt(files, path)
  const units = ['.service', '.socket', '.timer', '.path', '.target'].flatMap(suffix =>
    unitNames({ read, list: path => files.list(path)?.map(({ name }) => name) ?? null }, suffix),
  )
  const SYSTEM = '/etc/systemd/system'
  const isOfSame = units.some(name => name !== full && name.replace(/\.\w+$/, '') === stem)
  const isNamed = units.some(
    name => name !== full && named.test(withoutAfter(read(`${SYSTEM}/${name}`)?.code ?? '')),
  )
  const isLinked = (files.list(SYSTEM) ?? []).some(
    ({ name }) =>
      /\.(?:wants|requires|upholds)$/.test(name) &&
      (files.list(`${SYSTEM}/${name}`) ?? []).some(link => link.name === full),
  )
  return (
    isOfSame ||
    isNamed ||
    isLinked ||
    textsOf(deployment).some(
      ({ text, path }) =>
        !path.endsWith(`/${full}`) &&
        named.test(withoutAfter(text)) &&
        STARTS_AT_BOOT.test(withoutAfter(text)),
    )
  )
}

/** Order alone starts nothing. */
const withoutAfter = (text: string): string => text.replace(/^(?:After|Before)[ \t]*=.*$/gm, '')

const STARTS_AT_BOOT =
  /\b(?:WantedBy|Wants|Requires|BindsTo|Upholds|Sockets|Unit)\b|add-(?:wants|requires)|@reboot|rc\.local|OnBootSec|OnCalendar|\.(?:socket|timer|target|path)\b|\bcron|systemd\.services|\[Install\]/

const textsOf = (deployment: Deployment): readonly Source[] => [
  ...(deployment.setups() ?? []),
  ...deployment.setupsBeside(),
]

/** Where a text of the repository enables the unit. */
function enabling(deployment: Deployment, full: string): Place | null {
  const stem = escapePattern(full.replace(/\.service$/, ''))
  const command = new RegExp(
    String.raw`\bsystemctl\b[^\n;&|#]*?\benable\b[^\n;&|#]*?(?<![\w.-])${stem}(?:\.service)?(?![\w.@-])`,
  )
  // Of those beside a machine nobody can tell where they lie.
  for (const source of deployment.setups() ?? []) {
    const match = command.exec(source.text)
    if (match !== null) return matchedPlace(source, match)
  }
  return null
}
