import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { memoryFileSystem } from '../../../src/files/memory-file-system.ts'
import { evaluateNginx } from '../../../src/servers/nginx/evaluate.ts'
import type { Dice } from '../../live/generated-nginx.ts'
import { enterNamespace } from '../../live/enter-namespace.ts'
import { askNginx } from '../nginx/ask-nginx.ts'
import { addressTexts, hangsOnMachine, networkText, rangeText, socketText } from './generate-addresses.ts'

// Where no name service answers, each name is refused at once.
enterNamespace(import.meta.url)

interface Form {
  readonly name: string
  readonly make: (random: Dice) => string
  /** The line of http that holds a text. */
  readonly line: (text: string, index: number) => string
  /** True where it takes no names. */
  readonly numeric?: boolean
}

const inServer = (directive: string) => (text: string) => `server { listen 8081; ${directive} ${text}; }`

const FORMS: readonly Form[] = [
  { name: 'listen', make: socketText, line: text => `server { listen ${text}; }` },
  { name: 'server', make: socketText, line: (text, index) => `upstream u${index} { server ${text}; }` },
  {
    name: 'proxy_pass',
    make: socketText,
    line: text => `server { listen 8081; location / { proxy_pass http://${text}/; } }`,
  },
  { name: 'proxy_bind', make: socketText, line: inServer('proxy_bind'), numeric: true },
  { name: 'resolver', make: socketText, line: inServer('resolver') },
  { name: 'allow', make: networkText, line: inServer('allow'), numeric: true },
  { name: 'set_real_ip_from', make: networkText, line: inServer('set_real_ip_from') },
  { name: 'geo', make: networkText, line: (text, index) => `geo $g${index} { ${text} 1; }`, numeric: true },
  {
    name: 'geo ranges',
    make: rangeText,
    line: (text, index) => `geo $r${index} { ranges; ${text} 1; }`,
    numeric: true,
  },
]

const conf = (lines: readonly string[]): string => `events { }\nhttp {\n${lines.join('\n')}\n}\n`

function isAcceptedHere(line: string): boolean {
  const path = '/etc/nginx/nginx.conf'
  const files = memoryFileSystem({ [path]: conf([line]) })
  const main = files.read(path)
  if (main.kind !== 'source') throw new Error('the configuration cannot be read')
  const version = { value: '1.22.1', from: 'option', at: null } as const
  const { problems } = evaluateNginx({ files, main: main.source, fragments: [], version })
  return !problems.some(({ fatal }) => fatal)
}

/** Null where nginx takes all lines; addresses that this machine lacks are none of its faults. */
function refusal(lines: readonly string[]): { readonly message: string; readonly index: number } | null {
  const { accepts, messages } = askNginx({ name: 'addresses', conf: conf(lines), files: {} })
  const fatal = messages.find(message => !message.startsWith('[warn]'))
  if (accepts || fatal === undefined || /^\[emerg\] bind\(\) to /.test(fatal)) return null
  const line = /nginx\.conf:(\d+)$/.exec(fatal)?.[1]
  return { message: fatal, index: line === undefined ? -1 : Number(line) - 3 }
}

for (const form of FORMS) {
  test(`${form.name}: what nginx accepts, and what it refuses`, () => {
    const texts = addressTexts(form.name, form.make)
    const lines = texts.map((text, index) => form.line(text, index))
    const accepted = lines.filter(isAcceptedHere)
    const wrong: string[] = []
    const names = new Set(
      lines.filter((_, index) => form.numeric !== true && hangsOnMachine(texts[index] ?? '')),
    )
    const rest = accepted.filter(line => !names.has(line))
    // All that is accepted here stands in one file, until nginx finds no more fault in it.
    for (let found = refusal(rest); found !== null; found = refusal(rest)) {
      if (found.index < 0) throw new Error(found.message)
      wrong.push(`accepted here: ${rest[found.index]}: ${found.message}`)
      rest.splice(found.index, 1)
    }
    let refused = 0
    for (const line of lines) {
      const isAccepted = accepted.includes(line)
      if (isAccepted && !names.has(line)) continue
      const found = refusal([line])
      if (found !== null) refused++
      if (isAccepted && found !== null && !/host not found/.test(found.message))
        wrong.push(`accepted here: ${line}: ${found.message}`)
      if (!isAccepted && found === null) wrong.push(`refused here: ${line}`)
    }
    assert.equal(wrong, [])
    assert.ok(refused >= 5 && rest.length >= 5, `${refused} refused, ${rest.length} accepted`)
  })
}

test.run()
