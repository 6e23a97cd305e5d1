import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { mpm } from '../../../../src/servers/apache/queries/mpm.ts'
import { configure, configureFragment } from './configure.ts'

function capacity(kind: string, lines: string): unknown {
  const fact = mpm(configure(`LoadModule mpm_${kind}_module modules/mod_mpm_${kind}.so\n${lines}\n`))
  if (!fact.known || !fact.value.capacity.known) return 'unknown'
  const { workers, processes, corrections } = fact.value.capacity.value
  return [workers, processes, ...corrections.map(({ kind, from, to }) => `${kind} ${from} ${to}`)]
}

test('defaults', () => {
  assert.equal(capacity('event', ''), [400, 16])
  assert.equal(capacity('worker', 'ThreadsPerChild 64'), [384, 6, 'workers-not-multiple 400 384'])
  assert.equal(capacity('prefork', ''), [256, 256])
})

test('what httpd corrects, in its order', () => {
  assert.equal(capacity('event', 'MaxRequestWorkers 500'), [400, 16, 'workers-over-limit 500 400'])
  assert.equal(capacity('event', 'ThreadsPerChild 100\nMaxRequestWorkers 10'), [
    64,
    1,
    'threads-over-limit 100 64',
    'workers-below-threads 10 64',
  ])
  assert.equal(capacity('prefork', 'ServerLimit 10\nMaxClients 20'), [10, 10, 'workers-over-limit 20 10'])
})

test('without a module, with two, or in a fragment nobody knows', () => {
  assert.not(mpm(configure('ServerLimit 1\n')).known)
  assert.not(mpm(configureFragment('ServerLimit 1\n')).known)
})

test.run()
