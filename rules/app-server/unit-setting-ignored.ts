import type { UnitSetting } from '../../parsers/systemd/parse-unit.ts'
import { unitWords } from '../../parsers/systemd/unit-words.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { behindNginx, serviceUnit } from './_examples.ts'

const tree = (lines: string, files: Record<string, string> = {}): Record<string, string> =>
  behindNginx(serviceUnit('/usr/bin/gunicorn shop.wsgi:application', lines), files)

export default defineRule({
  summary: 'systemd does not take a line of a unit as it is meant',
  severity: 'warning',
  otherSeverities: { error: 'where the service does not start: its user, group or directory' },
  confidence: 'high',
  since: '0.1.0',
  why: 'In a unit `#` begins a comment only as the first character of a line: behind a value it is part of it, and the service fails with `217/USER` or `200/CHDIR`. `Environment=` is cut at blanks, and what has no `=` is left out (`Invalid environment assignment, ignoring`); the same happens to `export NAME=value` in a file of `EnvironmentFile=`, which no shell reads.',
  remedy: 'Give comments a line of their own, and put `"NAME=a value"` between quotes',
  references: [
    'https://www.freedesktop.org/software/systemd/man/latest/systemd.syntax.html',
    'https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#Environment=',
  ],
  unproven: 'The live tests start no systemd; `systemd-analyze verify` prints these lines',
  bad: [
    { title: 'a comment behind the group', files: tree('Group=«www-data # of nginx»') },
    { title: 'a value with blanks', files: tree('Environment=SHOP_TITLE=Our «shop»') },
    { title: 'blanks around the equals sign', files: tree('Environment=«SHOP_KEY» = abc') },
    {
      title: 'a file that a shell would read',
      files: tree('EnvironmentFile=/etc/shop/shop.env', { 'etc/shop/shop.env': '«export» SHOP_KEY=abc\n' }),
    },
  ],
  good: [
    { title: 'a line of its own', files: tree('# of nginx\nGroup=www-data') },
    { title: 'quotes', files: tree('Environment="SHOP_TITLE=Our shop" SHOP_KEY=abc') },
    { title: 'quotes around the value', files: tree("Environment=SHOP_TITLE='Our shop'") },
    { title: 'a number sign in a value', files: tree('Environment=COLOUR=#fff') },
    {
      title: 'a file of assignments',
      files: tree('EnvironmentFile=/etc/shop/shop.env', {
        'etc/shop/shop.env': conf`
          # for the shop
          SHOP_KEY=abc
          SHOP_TITLE=Our shop
        `,
      }),
    },
  ],
  *check({ commands }) {
    for (const { service, machine } of commands) {
      if (service === null) continue
      for (const setting of service.unit.settings) {
        if (setting.section !== 'Service') continue
        if (SINGLE.has(setting.name)) yield* commentBehind(setting)
        else if (setting.name === 'Environment') yield* leftOut(setting)
      }
      for (const { path } of service.environmentFiles) {
        if (!path.known || machine.files.kind(path.value) !== 'file') continue
        const read = machine.files.read(path.value)
        if (read.kind === 'source') yield* exported(read.source)
      }
    }
  },
})

type Found = Iterable<{
  readonly at: Place
  readonly severity?: 'error'
  readonly message: string
  readonly label: string
}>

/** Settings of one value, with which the service does not start where it is wrong. */
const SINGLE: ReadonlySet<string> = new Set(['User', 'Group', 'WorkingDirectory'])

function* commentBehind({ name, written }: UnitSetting): Found {
  if (!/\s#/.test(written.text)) return
  yield {
    at: placeOf(written),
    severity: 'error',
    message: `\`#\` begins no comment behind a value, so all of this is the value of \`${name}=\`, and the service does not start`,
    label: 'one value with its comment',
  }
}

function* leftOut({ written }: UnitSetting): Found {
  const word = unitWords(written)?.find(({ text }) => !/^[A-Za-z_]\w*=/.test(text))
  if (word === undefined || /[\0\uFFFD]/.test(word.text)) return
  yield {
    at: placeOf(word),
    message: `\`${word.text}\` is no assignment, and is left out: Invalid environment assignment, ignoring`,
    label: 'cut at the blank before it',
  }
}

function* exported(source: Source): Found {
  const found = /^[ \t]*(export)[ \t]+[A-Za-z_]\w*=/m.exec(source.code)
  if (found === null) return
  const start = found.index + found[0].indexOf('export')
  yield {
    at: { source, start, end: start + 'export'.length },
    message: '`export` is a word of the shell: systemd leaves the line out, and the variable is not set',
    label: 'Invalid environment assignment',
  }
}
