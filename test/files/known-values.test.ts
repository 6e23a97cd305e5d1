import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { textSource } from '../../parsers/text/source.ts'
import { knownValues } from '../../src/files/known-values.ts'

/** What a placeholder of a file stands for, and the file in which that is written. */
function valueIn(
  files: Readonly<Record<string, string>>,
  path: string,
  placeholder: string,
): readonly [string, string] | null {
  const sources = new Map(Object.entries(files).map(([name, text]) => [name, textSource(name, text)]))
  const found = knownValues([...sources.keys()], name => sources.get(name) ?? null)(path, placeholder, null)
  return found === null ? null : [found.text, found.at.source.path]
}

const TEMPLATE = '/r/nginx/default.conf.template'
const compose = (lines: string, service = 'web'): string =>
  `services:\n  ${service}:\n    image: nginx:1.27\n    volumes: ["./nginx:/etc/nginx/templates"]\n${lines}`
const PORT = '    environment: { PORT: "8001" }\n'

test('the environment of the container that has the template', () => {
  const value = (lines: string, others: Record<string, string> = {}) =>
    valueIn({ '/r/compose.yml': compose(lines), ...others }, TEMPLATE, '${PORT}')
  assert.equal(value(PORT), ['8001', '/r/compose.yml'])
  assert.equal(valueIn({ '/r/compose.yml': compose(PORT) }, TEMPLATE, '$PORT'), ['8001', '/r/compose.yml'])
  assert.equal(
    valueIn({ '/r/compose.yml': compose(PORT) }, '/r/other/default.conf.template', '${PORT}'),
    null,
  )
  assert.equal(value('    env_file: web.env\n', { '/r/web.env': 'PORT=8002\n' }), ['8002', '/r/web.env'])
  assert.equal(value(`    env_file: web.env\n${PORT}`, { '/r/web.env': 'PORT=8002\n' }), [
    '8001',
    '/r/compose.yml',
  ])
  assert.equal(value('    environment: { PORT: "${P}" }\n', { '/r/.env': 'P=8003\n' }), [
    '8003',
    '/r/compose.yml',
  ])
})

test('what the environment of somebody decides is not known', () => {
  const value = (lines: string, others: Record<string, string> = {}) =>
    valueIn({ '/r/compose.yml': compose(lines), ...others }, TEMPLATE, '${PORT}')
  assert.is(value(''), null)
  assert.is(value('    environment: [PORT]\n'), null)
  assert.is(value('    environment: { PORT: "${P}" }\n'), null)
  assert.is(value('    env_file: web.env\n'), null)
  assert.is(value(PORT, { '/r/compose.prod.yml': compose('    environment: { PORT: "80" }\n') }), null)
  assert.is(
    value(PORT, { '/r/compose.prod.yml': 'services: { web: { environment: { PORT: "80" } } }\n' }),
    null,
  )
  assert.equal(
    value(PORT, { '/r/compose.prod.yml': 'services: { app: { environment: { PORT: "80" } } }\n' }),
    ['8001', '/r/compose.yml'],
  )
})

test('what an image sets, where a service builds it and says nothing else', () => {
  const build = (lines = '') => `services:\n  web:\n    build: ./nginx\n${lines}`
  const dockerfile = 'FROM nginx:1.27\nENV PORT=8000\nCOPY default.conf.template /etc/nginx/templates/\n'
  const image = { '/r/nginx/Dockerfile': dockerfile }
  assert.equal(valueIn({ ...image, '/r/compose.yml': build() }, TEMPLATE, '${PORT}'), [
    '8000',
    '/r/nginx/Dockerfile',
  ])
  assert.equal(valueIn({ ...image, '/r/compose.yml': build(PORT) }, TEMPLATE, '${PORT}'), [
    '8001',
    '/r/compose.yml',
  ])
  assert.is(valueIn(image, TEMPLATE, '${PORT}'), null)
  assert.is(valueIn({ ...image, '/r/compose.yml': build() }, '/r/nginx/other.template', '${PORT}'), null)
})

test('what may be a secret, and what is more than a word, is nobody’s to tell', () => {
  const value = (name: string, text: string) =>
    valueIn(
      { '/r/compose.yml': compose(`    environment: { ${name}: "${text}" }\n`) },
      TEMPLATE,
      `\${${name}}`,
    )
  assert.is(value('API_TOKEN', 'abc'), null)
  assert.is(value('BACKENDS', 'a b'), null)
  assert.is(value('LINE', 'a;'), null)
  assert.is(value('NONE', ''), null)
})

const SITE = '/r/roles/web/templates/site.conf.j2'

test('variables of playbooks', () => {
  const value = (files: Record<string, string>, placeholder = '{{ app_port }}', path = SITE) =>
    valueIn(files, path, placeholder)
  const group = { '/r/group_vars/web.yml': 'app_port: 8001\napp:\n  port: 8002\n' }
  assert.equal(value(group), ['8001', '/r/group_vars/web.yml'])
  assert.equal(value(group, '{{app_port | default(80) | int}}'), ['8001', '/r/group_vars/web.yml'])
  assert.equal(value(group, '{{ app.port }}'), ['8002', '/r/group_vars/web.yml'])
  assert.is(value(group, '{{ app_port + 1 }}'), null)
  assert.is(value(group, '{{ app_port }}', '/r/site.conf.tpl'), null)
  assert.equal(value({ '/r/play.yml': '- hosts: web\n  vars:\n    app_port: "8001"\n' }), [
    '8001',
    '/r/play.yml',
  ])
  assert.equal(value({ ...group, '/r/roles/web/defaults/main.yml': 'app_port: 80\n' }), [
    '8001',
    '/r/group_vars/web.yml',
  ])
})

test('a variable that others may choose', () => {
  const value = (files: Record<string, string>) => valueIn(files, SITE, '{{ app_port }}')
  const group = { '/r/group_vars/web.yml': 'app_port: 8001\n' }
  assert.is(value({ '/r/roles/web/defaults/main.yml': 'app_port: 80\n' }), null)
  assert.is(value({ ...group, '/r/group_vars/staging.yml': 'app_port: 8002\n' }), null)
  assert.is(value({ ...group, '/r/host_vars/one': 'app_port: 8002\n' }), null)
  assert.is(value({ ...group, '/r/tasks/main.yml': '- set_fact:\n    app_port: 8002\n' }), null)
  assert.is(value({ ...group, '/r/hosts.ini': '[web]\none app_port=8002\n' }), null)
  assert.is(value({ '/r/group_vars/web.yml': 'app_port: "{{ base + 1 }}"\n' }), null)
  assert.is(value({ '/r/group_vars/web.yml': 'app_port: !vault |\n  00\n' }), null)
  assert.is(value({ '/r/group_vars/web.yml': 'app_port: [1]\n' }), null)
  assert.is(value({ '/r/roles/other/vars/main.yml': 'app_port: 8001\n' }), null)
  assert.is(value({ '/r/molecule/default/group_vars/web.yml': 'app_port: 8001\n' }), null)
})

test('the port at which what several templates of a role make meets, by its default', () => {
  const template = (name: string) => ({ [`/r/roles/web/templates/${name}.j2`]: 'at {{ app_port }}' })
  const role = { '/r/roles/web/defaults/main.yml': 'app_port: 8000\n', ...template('app.service') }
  const known = (files: Record<string, string>) =>
    knownValues(Object.keys(files), name => textSource(name, files[name] ?? ''))(SITE, '{{ app_port }}', null)
  assert.equal(known({ ...role, ...template('site.conf') })?.isDefault, true)
  assert.is(known({ ...role, ...template('site.conf') })?.text, '8000')
  assert.is(known(role), null)
  assert.is(
    known({
      ...role,
      ...template('site.conf'),
      '/r/play.yml': '- hosts: web\n  vars: {app_port: "{{ x }}"}\n',
    }),
    null,
  )
})

test('the default of a role, where the hosts and all that is said of them are here', () => {
  const value = (files: Record<string, string>) => valueIn(files, SITE, '{{ app_port }}')
  const role = { '/r/roles/web/defaults/main.yml': 'app_port: 80\n' }
  const hosts = { '/r/inventory/hosts.yml': 'all:\n  hosts:\n    one.example.org:\n' }
  assert.equal(value({ ...role, ...hosts }), ['80', '/r/roles/web/defaults/main.yml'])
  assert.equal(value({ ...role, '/r/hosts': '[web]\none.example.org\n' })?.[0], '80')
  assert.is(value({ ...role, '/r/examples/hosts': '[web]\none.example.org\n' }), null)
  assert.is(value({ ...role, '/r/hosts': '127.0.0.1 localhost\n' }), null)
  assert.is(
    value({ ...role, ...hosts, '/r/play.yml': '- hosts: web\n  roles: [{role: web, app_port: 8001}]\n' }),
    null,
  )
  assert.is(
    value({ ...role, ...hosts, '/r/group_vars/all/vault.yml': '$ANSIBLE_VAULT;1.1;AES256\n3132\n' }),
    null,
  )
})

test.run()
