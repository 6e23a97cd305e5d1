import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readCrontab } from '../../../parsers/cron/read-crontab.ts'
import { textSource } from '../../../parsers/text/source.ts'

const read = (text: string, hasUser = true) => {
  const source = textSource('etc/cron.d/shop', text)
  const { jobs, variables } = readCrontab(source, hasUser)
  for (const { at, text: said } of [
    ...jobs.map(({ command }) => command),
    ...variables.map(({ value }) => value),
  ])
    assert.is(source.text.slice(at.start, at.end), said)
  return [
    ...jobs.map(({ user, command }) => `${user?.text ?? '-'}|${command.text}`),
    ...variables.map(({ name, value }) => `${name}=${value.text}`),
  ]
}

test('accounts and commands', () => {
  assert.equal(read('# nightly\n\n*/5 0-3 * * mon-fri www-data  cd /srv && ./run  \n'), [
    'www-data|cd /srv && ./run',
  ])
  assert.equal(read('@daily root /usr/bin/true\n'), ['root|/usr/bin/true'])
  assert.equal(read('0 3 * jan * /usr/bin/true\n'), ['/usr/bin/true|'])
})

test('a crontab of one account has no column for it', () => {
  assert.equal(read('0 3 * * * /usr/bin/true --all\n', false), ['-|/usr/bin/true --all'])
})

test('variables', () => {
  assert.equal(read('PATH=/usr/bin:/bin\nMAILTO = ""\n'), ['PATH=/usr/bin:/bin', 'MAILTO=""'])
})

test('what is neither', () => {
  assert.equal(read('hello world\n0 3 * *\n'), [])
})

test.run()
