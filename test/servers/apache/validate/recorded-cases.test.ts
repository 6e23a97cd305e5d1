import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { positionAt } from '../../../../parsers/text/source.ts'
import type { Problem } from '../../../../src/servers/problem.ts'
import { evaluateText } from './evaluate-text.ts'

/**
 * What httpd 2.4.71 said of small configurations. `open` marks what it refuses and the audit lets pass,
 * as docs/apache-differences.md tells: such a case fails once the audit refuses it too.
 */
interface WalkCase {
  readonly conf: string
  readonly modules: readonly string[]
  readonly accepts: boolean
  readonly line?: number | null
  readonly says?: string
  readonly open?: true
}

/** What it said of single values; each is one argument line of the directive. */
interface ValueCase {
  readonly directive: string
  readonly context: 'server' | 'virtualhost' | 'directory'
  readonly modules: readonly string[]
  readonly accepts: readonly string[]
  readonly refuses: readonly string[]
  readonly open: readonly string[]
}

function read<T>(name: string): readonly T[] {
  const text = readFileSync(new URL(name, import.meta.url), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as T)
}

function firstFatal(conf: string, modules: readonly string[]): Problem | undefined {
  return evaluateText(conf, modules).problems.find(problem => problem.fatal)
}

test('configurations are judged as httpd judged them', () => {
  for (const { conf, modules, accepts, line, says, open } of read<WalkCase>('walk-cases.jsonl')) {
    const fatal = firstFatal(conf, modules)
    const shown = JSON.stringify(conf)
    if (accepts || open === true) {
      assert.is(fatal, undefined, `${shown} is refused: ${fatal?.message}`)
      continue
    }
    assert.ok(fatal, `${shown} is accepted, but httpd says: ${says}`)
    if (typeof line === 'number') {
      assert.is(positionAt(fatal.at.source, fatal.at.start).line, line, `${shown}: ${fatal.message}`)
    }
  }
})

const AROUND = {
  server: ['', ''],
  virtualhost: ['<VirtualHost *:1>\n', '</VirtualHost>\n'],
  directory: ['<Directory /x>\n', '</Directory>\n'],
} as const

test('values are judged as httpd judged them', () => {
  for (const { directive, context, modules, accepts, refuses, open } of read<ValueCase>(
    'value-cases.jsonl',
  )) {
    const [before, after] = AROUND[context]
    const judge = (text: string): Problem | undefined =>
      firstFatal(`${before}${directive} ${text}\n${after}`, modules)
    for (const text of [...accepts, ...open]) {
      const fatal = judge(text)
      assert.is(fatal, undefined, `${directive} ${text} is refused: ${fatal?.message}`)
    }
    for (const text of refuses) assert.ok(judge(text), `${directive} ${text} is accepted`)
  }
})

test.run()
