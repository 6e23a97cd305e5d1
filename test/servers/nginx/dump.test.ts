import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { splitNginxDump } from '../../../src/servers/nginx/dump.ts'

/** Writes files as `nginx -T` does. */
const dump = (files: Readonly<Record<string, string>>): string =>
  Object.entries(files)
    .map(([path, text]) => `# configuration file ${path}:\n${text}\n`)
    .join('')

const split = (text: string): Record<string, string> | null => {
  const files = splitNginxDump(text)
  return files && Object.fromEntries(files.map(file => [file.path, file.text]))
}

const FILES = {
  '/etc/nginx/nginx.conf':
    'events {}\nhttp { include mime.types; include sites/*; include /opt/*/a.conf; }\n',
  '/etc/nginx/mime.types': 'types { }',
  '/etc/nginx/sites/a': '\n\nserver { }\n\n',
  '/opt/x/a.conf': '',
}

test('a dump falls apart into the very bytes of its files', () => {
  assert.equal(split(dump(FILES)), FILES)
})

test('a text that is no dump is none', () => {
  assert.is(splitNginxDump('events {}\n# configuration file /etc/nginx/nginx.conf:\n'), null)
  assert.is(splitNginxDump(''), null)
})

test('what nginx says on standard error is left out, before, between and after', () => {
  const chatter = [
    'nginx: [warn] conflicting server name "a" on 0.0.0.0:80, ignored',
    'nginx: the configuration file /etc/nginx/nginx.conf syntax is ok',
    'nginx: configuration file /etc/nginx/nginx.conf test is successful',
  ].join('\n')
  const text = dump(FILES)
  const middle = text.indexOf('# configuration file /etc/nginx/sites')
  assert.equal(split(`${chatter}\n${text}${chatter}\n`), FILES)
  assert.equal(split(`${text.slice(0, middle)}${chatter}\n${text.slice(middle)}`), FILES)
})

test('a header of a file that nothing includes is a comment', () => {
  const files = {
    '/etc/nginx/nginx.conf': 'events {}\n# configuration file /etc/nginx/other.conf:\nhttp { include a; }\n',
    '/etc/nginx/a':
      '# configuration file /etc/nginx/nginx.conf:\n# configuration file /etc/nginx/a:\ngzip on;\n',
  }
  assert.equal(split(dump(files)), files)
})

test('many headers take time in proportion to their number', () => {
  const names = Array.from({ length: 20_000 }, (_, index) => `/etc/nginx/s/${index}`)
  const real = { '/etc/nginx/nginx.conf': 'http { include s/*; }' }
  const files = { ...real, ...Object.fromEntries(names.map(name => [name, 'server { include x/*; }\n'])) }
  assert.is(splitNginxDump(dump(files))?.length, 20_001)
  const fakes = names.map(name => `# configuration file ${name}:\ninclude y;\n`).join('')
  assert.is(splitNginxDump(dump({ '/etc/nginx/nginx.conf': fakes }))?.length, 1)
})

test.run()
