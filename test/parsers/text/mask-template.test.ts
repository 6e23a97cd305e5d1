import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { maskTemplate } from '../../../parsers/text/mask-template.ts'
import { reveal } from '../../../parsers/text/placeholder.ts'

/** The masked text with every placeholder as `?`, blanks at line ends left out. */
const masked = (path: string, text: string): string => {
  const { code, template } = maskTemplate(path, text)
  assert.ok(template, `${path} is a template`)
  assert.is(code.length, text.length)
  return code.replace(/[\uE000-\uF8FF]+/g, '?').replace(/[ \t]+$/gm, '')
}

const plain = (path: string, text: string): void => {
  assert.equal(maskTemplate(path, text), { code: text, template: false, branches: [], gaps: [] })
}

test('a placeholder is an unknown word of its own length', () => {
  const text = 'listen {{ port }}{{ options }};'
  assert.is(masked('/a.conf', text), 'listen ?;')
  assert.is(reveal(maskTemplate('/a.conf', text).code), text)
  assert.is(masked('/a.conf.erb', 'listen <%= @port %>;'), 'listen ?;')
  assert.is(masked('/a.conf.ejs', '<%_ if (a) { _%>\nlisten <%- port %>;\n<%- end %>\n'), '\nlisten ?;\n\n')
  assert.is(masked('/a.tmpl', 'server_name {{ .Host }}.example.org;'), 'server_name ?.example.org;')
})

test('statements between directives are blank', () => {
  assert.is(
    masked('/a.j2', '{% if tls %}\nlisten 443 ssl;\n{%- endif %}\n{# note; #}\nroot /a;{% if x %}\n'),
    '\nlisten 443 ssl;\n\n\nroot /a;\n',
  )
  assert.is(masked('/a.tmpl', '{{- range .Sites }}\nserver {\n{{ end }}\n}'), '\nserver {\n\n}')
  assert.is(masked('/a.erb', '<% if tls -%>\nServerName a\n<% end %>'), '\nServerName a\n')
})

test('a placeholder that stands for whole directives is blank, one that goes on is a word', () => {
  assert.is(
    masked('/a.j2', 'server { # x\n  {{ extra }}\n  listen 80;\n}'),
    'server { # x\n\n  listen 80;\n}',
  )
  assert.is(masked('/a.j2', 'server_name\n  {{ a }}\n  {{ b }};'), 'server_name\n  ?\n  ?;')
  assert.is(masked('/a.j2', '{{ name }} on;'), '? on;')
})

test('what Jinja calls raw is text', () => {
  assert.is(masked('/a.j2', '{% raw %}\nset $a {{ x }};\n{% endraw %}'), '\nset $a {{ x }};\n')
})

test('variables of the shell and of configure are placeholders only in files named so', () => {
  assert.is(
    masked('/a.conf.template', 'listen ${PORT}; proxy_pass $BACKEND; set $a $uri${uri};'),
    'listen ?; proxy_pass ?; set $a $uri${uri};',
  )
  assert.is(masked('/nginx.conf.in', 'root @PREFIX@/www; user %user%;'), 'root ?/www; user ?;')
  assert.is(masked('/a.j2', 'ErrorLog ${APACHE_LOG_DIR}/e.log'), 'ErrorLog ${APACHE_LOG_DIR}/e.log')
  plain('/etc/apache2/a.conf', 'ErrorLog ${APACHE_LOG_DIR}/@a@ %b%')
})

test('what the servers themselves accept is no template', () => {
  plain('/a.conf', 'log_format j \'{"a":{"b":"$uri"}}\';\nserver {# c\n#}\n}')
  plain('/etc/nginx/sites-enabled/example.co.in', 'root /%home%/@a@;')
  plain('/a.conf', "sub_filter '{{ title }}' 'x';")
  plain('/settings.py', 'PAGE = """\n{{ title }}\n"""')
  plain('/a.conf', '# {{ ansible_managed }}\nlisten 80;')
  plain('/a.conf', 'LogFormat "%{%s}t %h" x')
  plain('/a.conf', 'set $a ${{x}};')
})

test('lengths and line ends stay whatever the text', () => {
  const parts = fc.constantFrom(
    '{{',
    '}}',
    '{%',
    '%}',
    '{#',
    '#}',
    '<%',
    '%>',
    ' if ',
    'a',
    ';',
    '\n',
    '\r\n',
    '{',
    '}',
    '${A}',
    '"',
    '{% raw %}',
  )
  fc.assert(
    fc.property(
      fc.array(parts, { maxLength: 40 }),
      fc.constantFrom('/a.conf', '/a.j2', '/a.template'),
      (pieces, path) => {
        const text = pieces.join('')
        const { code } = maskTemplate(path, text)
        assert.is(code.length, text.length)
        for (let at = 0; at < text.length; at++)
          if (text[at] === '\n' || text[at] === '\r') assert.is(code[at], text[at])
      },
    ),
    { seed: 7, numRuns: 2000 },
  )
})

test('a hostile file takes time in proportion to its length', () => {
  for (const piece of ['{{', '{%', '{{a}} ', '{{a}}\n', 'a{% b %}', '"{{a}}'])
    assert.is(maskTemplate('/a.conf', piece.repeat(100_000)).code.length, piece.length * 100_000)
})

test.run()
