import type { UnitSetting } from '../../parsers/systemd/parse-unit.ts'
import { placeOf, sliceWritten } from '../../parsers/text/written-text.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { behindNginx, serviceUnit } from './_examples.ts'

const tree = (lines: string): Record<string, string> =>
  behindNginx(serviceUnit('/usr/bin/gunicorn shop.wsgi:application', lines))
const started = (command: string): Record<string, string> => behindNginx(serviceUnit(command))

export default defineRule({
  summary: 'systemd takes a percent sign of a unit for a specifier',
  severity: 'error',
  otherSeverities: { warning: 'where another text is put in its place' },
  confidence: 'high',
  since: '0.1.0',
  why: 'In a unit `%` and a letter or digit is a specifier, between quotes too: `%n` is the name of the unit, `%m` the identifier of the machine. Of one that it does not know systemd leaves the variable out (`Failed to resolve specifiers in …, ignoring`), so that the application finds no key or no address of its database, or refuses the whole unit, where it stands in a command.',
  remedy: 'Write `%%` for each percent sign',
  references: ['https://www.freedesktop.org/software/systemd/man/latest/systemd.unit.html#Specifiers'],
  unproven: 'The live tests start no systemd; `systemd-analyze verify` prints these lines',
  bad: [
    {
      title: 'an escaped character in an address',
      files: tree('Environment="DATABASE_URL=postgres://shop:a«%4»0b@127.0.0.1/shop"'),
    },
    { title: 'a key', files: tree('Environment=SECRET_KEY=x8«%n»2q') },
    { title: 'a date of a command', files: tree('ExecStartPre=/usr/bin/env date +«%F»') },
    {
      title: 'a date that becomes something else',
      files: tree('ExecStartPre=/bin/sh -c "date +%Y-«%m»-%d > /run/shop/started"'),
    },
  ],
  good: [
    { title: 'two percent signs', files: tree('Environment=SECRET_KEY=x8%%n2q%%40') },
    {
      title: 'a format, whose parentheses begin no specifier',
      files: started("/usr/bin/gunicorn --access-logformat '%(h)s %(r)s' shop.wsgi:application"),
    },
    {
      title: 'a specifier that is meant',
      files: tree(conf`
        Environment=SHOP_UNIT=%n SECRET_KEY_FILE=/etc/shop/%p.key
        StandardOutput=append:/var/log/%p.log
      `),
    },
    { title: 'a percent sign at the end', files: tree('Environment="SHOP_VAT=19%"') },
  ],
  *check({ commands }) {
    for (const { service } of commands)
      for (const setting of service?.unit.settings ?? [])
        if (setting.section === 'Service') yield* percentIn(setting)
  },
})

/** Those that no release of systemd knows. */
const UNKNOWN = /^%[0-9eFkKOQxXzZ]/
/** A variable whose value nobody puts together of names of the machine. */
const SECRET = /^["']?[A-Z_]*(?:SECRET|PASSWORD|PASSWD|TOKEN|API_?KEY)[A-Z_]*=[^/]*[A-Za-z0-9]$/

function* percentIn({ name, written }: UnitSetting): Iterable<RuleFinding> {
  const isCommand = /^Exec/.test(name)
  if (!isCommand && name !== 'Environment') return
  for (const { 0: text, index } of written.text.matchAll(/%(?:%|[A-Za-z0-9])/g)) {
    if (text === '%%') continue
    const at = placeOf(sliceWritten(written, index, index + 2))
    if (UNKNOWN.test(text)) {
      yield {
        at,
        message: isCommand
          ? `systemd knows no \`${text}\`, and refuses the unit: Failed to resolve unit specifiers`
          : `systemd knows no \`${text}\`, and leaves the variable out: Failed to resolve specifiers, ignoring`,
        label: 'no specifier',
        help: `Write \`%${text}\``,
      }
      return
    }
    const before = written.text.slice(0, index)
    const isReplaced = isCommand
      ? /\bdate\b[^;|&]*\+\S*$/.test(before) && /^%[dHmSMpuUVwWyI]/.test(text)
      : SECRET.test(before.slice(before.lastIndexOf(' ') + 1)) && /^\w/.test(written.text.slice(index + 2))
    if (!isReplaced) continue
    yield {
      at,
      severity: 'warning',
      message: `systemd puts a text of its own in the place of \`${text}\`: ${MEANINGS[text] ?? 'it is a specifier'}`,
      label: 'a specifier',
      help: `Write \`%${text}\``,
    }
    return
  }
}

const MEANINGS: Readonly<Record<string, string>> = {
  '%m': 'the identifier of the machine',
  '%n': 'the name of the unit',
  '%p': 'the first part of its name',
  '%i': 'the instance of the unit',
  '%H': 'the name of the host',
  '%h': 'the home directory of root',
  '%u': 'the user who runs systemd',
  '%d': 'the directory of credentials',
  '%S': '`/var/lib`',
  '%t': '`/run`',
}
