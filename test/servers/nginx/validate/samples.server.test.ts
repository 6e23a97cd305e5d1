import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { askNginx } from '../../../conformance/nginx/ask-nginx.ts'
import { BAD_PATTERNS, GOOD_PATTERNS } from './patterns.ts'
import { SAMPLES, wholeOf } from './samples.ts'

test('nginx refuses exactly the samples that are said to be wrong', () => {
  for (const sample of SAMPLES) {
    const conf = wholeOf(sample).replace(/[«»]/g, '')
    const { accepts, messages } = askNginx({ name: sample.text, conf, files: {} })
    assert.is(accepts, sample.code === null, `${sample.text}\n${messages.join('\n')}`)
  }
})

test('PCRE refuses exactly the patterns that are said to be wrong', () => {
  const ask = (patterns: readonly string[]): boolean => {
    const locations = patterns.map(pattern => `location ~ '${pattern.replace(/['\\]/g, '\\$&')}' { }`)
    const conf = `events { }\nhttp { server {\n${locations.join('\n')}\n} }\n`
    return askNginx({ name: 'patterns', conf: Buffer.from(conf, 'utf8').toString('latin1'), files: {} })
      .accepts
  }
  assert.is(ask(GOOD_PATTERNS), true)
  for (const pattern of BAD_PATTERNS) assert.is(ask([pattern]), false, pattern)
})

test.run()
