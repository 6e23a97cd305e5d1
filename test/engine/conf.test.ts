import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { conf } from '../../src/engine/conf.ts'

test('a text on one line ends in a line feed', () => {
  assert.is(conf`Listen 80`, 'Listen 80\n')
  assert.is(conf``, '')
})

test('the indentation that all lines share is taken off, blank lines aside', () => {
  const text = conf`
    server {

        listen 80;
    }
  `
  assert.is(text, 'server {\n\n    listen 80;\n}\n')
})

test('backslashes are themselves, and escape a backtick or a placeholder', () => {
  assert.is(conf`location ~ \.php$ { \`x\` }`, 'location ~ \\.php$ { `x` }\n')
  assert.is(conf`ErrorLog \${APACHE_LOG_DIR}/error.log`, 'ErrorLog ${APACHE_LOG_DIR}/error.log\n')
  const text = conf`
    Alias /a \
      /b
  `
  assert.is(text, 'Alias /a \\\n  /b\n')
})

test('a value with a line to itself is set at its indentation', () => {
  const inner = conf`
    location / {
        root /srv;
    }
  `
  const text = conf`
    server {
        listen 80;
        ${inner}
    }
    ${''}
    ${'        # the end'}
  `
  assert.is(text, 'server {\n    listen 80;\n    location / {\n        root /srv;\n    }\n}\n# the end\n')
})

test('of a list each text is set as lines', () => {
  const text = conf`
    http {
        ${['a on;', conf`b off;`, '']}
    }
  `
  assert.is(text, 'http {\n    a on;\n    b off;\n}\n')
})

test('within a line a value is set as it is', () => {
  const port = 9000
  assert.is(conf`Listen ${'«127.0.0.1»'}:${port}`, 'Listen «127.0.0.1»:9000\n')
})

test.run()
