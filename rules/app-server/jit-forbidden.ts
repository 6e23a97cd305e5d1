import type { ServiceUnit } from '../../parsers/systemd/service-unit.ts'
import { placeOf, type WrittenText } from '../../parsers/text/written-text.ts'
import type { Place } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { behindNginx } from './_examples.ts'
import { siteServices } from './_site-services.ts'

const tree = (command: string, lines: string): Record<string, string> =>
  behindNginx(
    conf`
      [Service]
      DynamicUser=yes
      WorkingDirectory=/opt/shop
      ${lines}
      ExecStart=${command}
    `,
    {},
    '127.0.0.1:3000',
  )

export default defineRule({
  summary: 'A unit forbids the code that its program makes while it runs',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'With `MemoryDenyWriteExecute=yes` a process gets no memory that it may write and run, and may not make what it has written runnable. V8 of Node.js and the virtual machine of Java compile into such memory: the service ends by `SIGTRAP` or `Fatal process out of memory` at each start, and the same command works in a shell. Lists of settings that make a service safe have this one for programs that are compiled before.',
  remedy: 'Leave `MemoryDenyWriteExecute=` out, or start Node.js with `--jitless`, which is slow',
  references: [
    'https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#MemoryDenyWriteExecute=',
    'https://nodejs.org/api/cli.html#--jitless',
  ],
  unproven:
    'The live tests start no systemd, which forbids it; `prctl(PR_SET_MDWE)` ends Node.js the same way',
  bad: [
    { title: 'Node.js', files: tree('/usr/bin/node server.js', 'MemoryDenyWriteExecute=«yes»') },
    {
      title: 'npm, which starts it, by the program that looks for it',
      files: tree('/usr/bin/env npm start', 'NoNewPrivileges=yes\nMemoryDenyWriteExecute=«true»'),
    },
    { title: 'Java', files: tree('/usr/bin/java -jar shop.jar', 'MemoryDenyWriteExecute=«1»') },
  ],
  good: [
    { title: 'not forbidden', files: tree('/usr/bin/node server.js', 'NoNewPrivileges=yes') },
    {
      title: 'a later line that allows it',
      files: tree('/usr/bin/node server.js', 'MemoryDenyWriteExecute=yes\nMemoryDenyWriteExecute=no'),
    },
    {
      title: 'without a compiler',
      files: tree('/usr/bin/node --jitless server.js', 'MemoryDenyWriteExecute=yes'),
    },
    {
      title: 'without a compiler, by a variable',
      files: tree(
        '/usr/bin/node server.js',
        'Environment=NODE_OPTIONS=--jitless\nMemoryDenyWriteExecute=yes',
      ),
    },
    {
      title: 'a program that makes none',
      files: tree('/opt/shop/bin/gunicorn shop.wsgi', 'MemoryDenyWriteExecute=yes'),
    },
  ],
  *check(deployment) {
    for (const service of siteServices(deployment)) {
      const at = forbidsCode(service)
      const program = at === null ? null : compilingProgram(service)
      if (at === null || program === null) continue
      yield {
        at,
        message: `\`${program.text}\` compiles into memory that it has written, which the unit does not let it run: the service ends at each start`,
        label: 'forbids compiled code',
        related: [{ at: placeOf(program.word), message: 'compiles while it runs' }],
      }
    }
  },
})

/** The line that counts, where it forbids it. */
function forbidsCode({ unit }: ServiceUnit): Place | null {
  const line = unit.settings.findLast(
    ({ section, name }) => section === 'Service' && name === 'MemoryDenyWriteExecute',
  )
  return line !== undefined && /^(?:1|yes|y|true|t|on)$/i.test(line.written.text)
    ? placeOf(line.written)
    : null
}

const COMPILES = /^(?:node|nodejs|npm|npx|pnpm|yarn|java)$/

/** The program that a unit starts, where it is one that compiles while it runs. */
function compilingProgram({
  unit,
  start,
}: ServiceUnit): { readonly word: WrittenText; readonly text: string } | null {
  if (unit.settings.some(({ written }) => written.text.includes('--jitless'))) return null
  for (const { words } of start) {
    const word = words.find(({ text }, index) => index > 0 || !/(?:^|\/)env$/.test(text))
    const text = word?.text.replace(/^.*\//, '') ?? ''
    if (word !== undefined && COMPILES.test(text)) return { word, text }
  }
  return null
}
