import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  acceptedContexts,
  allApacheDirectives,
  apacheDirective,
  apacheSection,
  overrideClasses,
} from '../../../src/servers/apache/directives.ts'
import { generateApacheDirectives } from '../../../tools/generate/apache-directives.ts'

test('the generated table is what the facts say', () => {
  const { path, content } = generateApacheDirectives()
  const file = fileURLToPath(new URL(`../../../${path}`, import.meta.url))
  assert.is(readFileSync(file, 'utf8'), content)
})

test('a directive has its canonical spelling, its module and its places', () => {
  const facts = apacheDirective('require')
  assert.ok(facts)
  assert.is(facts.name, 'Require')
  assert.equal(facts.modules, ['authz_core_module'])
  assert.equal([...acceptedContexts(facts)].sort(), [
    'directory',
    'files',
    'if',
    'limit',
    'location',
    'proxy',
  ])
  assert.equal(overrideClasses(facts), ['AuthConfig'])
})

test('a section is no directive, and some names are both', () => {
  assert.is(apacheDirective('virtualhost')?.section, true)
  assert.is(apacheSection('virtualhost')?.section, true)
  assert.is(apacheSection('servername'), undefined)
  assert.is(apacheDirective('mdomain')?.section, false)
  assert.is(apacheSection('mdomain')?.section, true)
})

test('names of many modules have them all', () => {
  assert.equal(apacheDirective('listen')?.modules.length, 3)
})

test('every row is whole', () => {
  let count = 0
  for (const facts of allApacheDirectives()) {
    count++
    assert.match(facts.name, /^[A-Za-z0-9_]+$/)
    assert.ok(facts.modules.length > 0, facts.name)
    assert.match(facts.arity, /^(?:[0-3](?:\|[1-3]){0,2}|each|first-with-each|flag|raw|argv)$/)
    assert.ok(facts.executed || facts.allowed > 0, facts.name)
  }
  assert.ok(count > 780)
})

test.run()
