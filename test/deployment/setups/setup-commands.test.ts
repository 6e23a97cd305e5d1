import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { placeText, textSource } from '../../../parsers/text/source.ts'
import { moduleCalls } from '../../../src/deployment/setups/module-calls.ts'
import { setupCommands } from '../../../src/deployment/setups/setup-commands.ts'
import { conf } from '../../../src/engine/conf.ts'

function said(path: string, text: string): readonly string[] {
  return setupCommands(textSource(path, text)).map(
    ({ words, directory }) => `${directory ?? '?'}: ${words.map(word => word.text).join(' ')}`,
  )
}

test('a list of YAML is one script, and every other text one of its own', () => {
  const job = conf`
    deploy:
      script:
        - cd /srv
        - a "b c"
      after: |
        d; \
        e
      last: f
  `
  assert.equal(said('/.gitlab-ci.yml', job), ['/srv: cd /srv', '/srv: a b c', '?: d', '?: e', '?: f'])
})

test('a text of another language has commands in its lines and quotes', () => {
  assert.equal(said('/Makefile', 'up:\n\tcd /srv; \\\n\ta\n\tb\n'), [
    '?: up:',
    '/srv: cd /srv',
    '/srv: a',
    '?: b',
  ])
  assert.equal(said('/deploy.rb', 'run "cd /srv && a"\nb').slice(1), ['/srv: cd /srv', '/srv: a', '/srv: b'])
})

test('the options of a module are a map, words, or its arguments', () => {
  const playbook = conf`
    - hosts: all
      tasks:
        - block:
            - ansible.builtin.file: { path: /a, mode: 755 }
            - file: path="/b c" state=directory
            - copy:
              args:
                dest: '/d'
            - shell: file path=/e
  `
  assert.equal(
    moduleCalls(textSource('/site.yml', playbook)).map(({ module, options }) => [
      module,
      ...[...options].map(([name, { text, plain, at }]) => [name, text.text, plain, placeText(at)]),
    ]),
    [
      ['file', ['path', '/a', true, '/a'], ['mode', '755', true, '755']],
      ['file', ['path', '/b c', false, '/b c'], ['state', 'directory', false, 'directory']],
      ['copy', ['dest', '/d', false, "'/d'"]],
    ],
  )
})

test.run()
