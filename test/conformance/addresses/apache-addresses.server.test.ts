import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseApacheHostAddress } from '../../../src/servers/addresses/apache.ts'
import { enterNamespace } from '../../live/enter-namespace.ts'
import type { Dice } from '../../live/generated-nginx.ts'
import { evaluateText } from '../../servers/apache/validate/evaluate-text.ts'
import { loadLines } from '../apache/bases.ts'
import { askApache, inPrivateRoot } from '../apache/real-apache.ts'
import { addressTexts, hangsOnMachine, networkText, socketText } from './generate-addresses.ts'

// Where no name service answers, each name is refused at once.
enterNamespace(import.meta.url)

interface Form {
  readonly name: string
  readonly make: (random: Dice) => string
  readonly lines: (text: string) => string
  /** True where it takes no names. */
  readonly numeric?: boolean
  /** True where httpd refuses two of the same socket, so that each text is asked alone. */
  readonly alone?: boolean
}

const inLocation = (line: string) => (text: string) =>
  `<Location /x>\n${line.replace('TEXT', text)}\n</Location>`

const FORMS: readonly Form[] = [
  { name: 'Listen', make: socketText, lines: text => `Listen ${text}`, alone: true },
  {
    name: 'VirtualHost',
    make: socketText,
    lines: text => `<VirtualHost ${text}>\nServerName a\n</VirtualHost>`,
  },
  { name: 'Require ip', make: networkText, lines: inLocation('Require ip TEXT'), numeric: true },
  { name: 'Require expr', make: networkText, lines: inLocation(`Require expr "-R 'TEXT'"`), numeric: true },
  { name: 'Allow from', make: networkText, lines: inLocation('Allow from TEXT') },
  { name: 'RemoteIPInternalProxy', make: networkText, lines: text => `RemoteIPInternalProxy ${text}` },
]

const MODULES = ['authz_host', 'access_compat', 'remoteip']
const UNRESOLVED = /Name or service not known|failure in name resolution|set scope/
/** With the name that is not resolved, or of a scope that the address cannot have. */
const IGNORED = /AH00547: Could not resolve host name (.*) -- ignoring!|AH10103: Could not set scope ID/g

interface Answer {
  readonly accepts: boolean
  readonly message: string
  /** The line that it blames, from 0 in what was asked; -1 where it blames none. */
  readonly line: number
}

function isAcceptedHere(lines: string): boolean {
  return !evaluateText(lines, MODULES).problems.some(({ fatal }) => fatal)
}

inPrivateRoot(root => {
  const preamble = `ServerName localhost\nPidFile ${root}/p.pid\nDefaultRuntimeDir ${root}\nErrorLog /dev/null\nMutex default:${root}\nListen 127.0.0.1:18080\n${loadLines(['mpm_event', 'authz_core', ...MODULES])}`
  const before = preamble.split('\n').length - 1
  const path = join(root, 'c.conf')

  const ask = (text: string): Answer => {
    writeFileSync(path, `${preamble}${text}\n`, { mode: 0o644 })
    const { accepts, stderr } = askApache(['-d', root, '-f', path])
    const line = /Syntax error on line (\d+) of /.exec(stderr)?.[1]
    return { accepts, message: stderr.trim(), line: line === undefined ? -1 : Number(line) - 1 - before }
  }

  for (const form of FORMS) {
    const texts = addressTexts(form.name, form.make)
    const lines = texts.map(form.lines)
    const height = (lines[0] ?? '').split('\n').length
    const names = new Set(
      lines.filter((_, index) => form.numeric !== true && hangsOnMachine(texts[index] ?? '')),
    )
    const accepted = new Set(lines.filter(isAcceptedHere))
    const wrong: string[] = []
    let refused = 0

    const rest = lines.filter(each => form.alone !== true && accepted.has(each) && !names.has(each))
    // All that is accepted here stands in one file, until httpd finds no more fault in it.
    let all = ask(rest.join('\n'))
    for (; !all.accepts; all = ask(rest.join('\n'))) {
      const index = Math.floor(all.line / height)
      if (all.line < 0 || rest[index] === undefined) throw new Error(all.message)
      wrong.push(`accepted here: ${rest[index]}: ${all.message}`)
      rest.splice(index, 1)
    }
    const together = new Set(rest)
    for (const each of lines) {
      if (together.has(each)) continue
      const { accepts, message } = ask(each)
      if (!accepts) refused++
      if (accepted.has(each) && !accepts && !(names.has(each) && UNRESOLVED.test(message)))
        wrong.push(`accepted here: ${each}: ${message}`)
      if (!accepted.has(each) && accepts) wrong.push(`refused here: ${each}`)
    }

    test(`${form.name}: what httpd accepts, and what it refuses`, () => {
      assert.equal(wrong, [])
      assert.ok(refused >= 3 && lines.length - refused >= 3, `${refused} of ${lines.length} refused`)
    })

    if (form.name !== 'VirtualHost') continue
    test('VirtualHost: the addresses that httpd ignores', () => {
      const asked = texts.filter((_, index) => together.has(lines[index] ?? ''))
      const dead = asked.filter(text => parseApacheHostAddress(text).kind === 'unresolvable')
      const ignored = [...all.message.matchAll(IGNORED)].map(([, name]) => name ?? '%')
      assert.is(dead.length, ignored.length, `${dead.join(' ')}\n${ignored.join(' ')}`)
      for (const [index, text] of dead.entries())
        assert.ok(text.includes(ignored[index] ?? '?'), `${text} ${ignored[index]}`)
      assert.ok(dead.length >= 3 && dead.length < asked.length)
    })
  }
})

test.run()
