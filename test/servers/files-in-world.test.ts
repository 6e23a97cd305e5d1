import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { maskTemplate } from '../../parsers/text/mask-template.ts'
import { reveal } from '../../parsers/text/placeholder.ts'
import { memoryFileSystem } from '../../src/files/memory-file-system.ts'
import { filesInWorld } from '../../src/servers/files-in-world.ts'
import { createWorld } from '../../src/servers/presence.ts'

/** What a template comes to, once for each way in which its conditions may come out, sorted. */
function versions(path: string, text: string): readonly string[] {
  const files = memoryFileSystem({ [path]: text })
  const read = files.read(path)
  assert.is(read.kind, 'source')
  const source = read.kind === 'source' ? read.source : null
  const conditions = [...new Set(source?.branches.map(({ condition }) => condition))]
  const found: string[] = []
  for (let answers = 0; answers < 2 ** conditions.length; answers++) {
    const world = createWorld(condition => (answers >> conditions.indexOf(condition)) & 1)
    const version = filesInWorld(files, world).read(path)
    if (version.kind !== 'source') continue
    assert.is(version.source.code.length, text.length)
    assert.is(version.source.code.split('\n').length, text.split('\n').length)
    found.push(
      reveal(version.source.code)
        .replace(/\s+/g, ' ')
        .replace(/ ?([;#{}]) ?/g, '$1')
        .trim(),
    )
  }
  return [...new Set(found)].sort()
}

/** Runs of blanks as one, and none where nothing hangs on them. */
function plain(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/ ?([;#{}]) ?/g, '$1')
    .trim()
}

function comesTo(path: string, text: string, expected: readonly string[]): void {
  assert.equal(versions(path, text), expected.map(plain).sort())
}

/** How many conditions a template asks. */
const asked = (text: string): number =>
  new Set(maskTemplate('/a.j2', text).branches.map(({ condition }) => condition)).size

test('the branches of a statement exclude each other', () => {
  comesTo('/a.j2', '{% if tls %}\nlisten 443 ssl;\n{% else %}\nlisten 80;\n{% endif %}', [
    'listen 443 ssl;',
    'listen 80;',
  ])
  comesTo('/a.j2', '{%- if a == 1 -%}A;{%- elif b -%}B;{%- elif not c -%}C;{%- else -%}D;{%- endif -%} E;', [
    'A; E;',
    'B; E;',
    'C; E;',
    'D; E;',
  ])
  comesTo('/a.j2', 'a;{% for s in sites %} b {{ s }};{% endfor %}', ['a; b {{ s }};', 'a;'])
})

test('halves of a block may stand in different branches', () => {
  comesTo(
    '/a.j2',
    '{% if ssl %}server { listen 443 ssl;{% else %}server { listen 80;{% endif %} root /srv; }',
    ['server { listen 443 ssl; root /srv; }', 'server { listen 80; root /srv; }'],
  )
})

test('equal conditions of one file are one, negated or not', () => {
  const twice = (one: string, other: string): number =>
    versions('/a.j2', `{% if ${one} %}a;{% endif %}{% if ${other} %}b;{% endif %}c;`).length
  assert.is(twice('tls', 'tls'), 2)
  assert.is(twice('tls', 'not  tls'), 2)
  assert.is(twice('tls', '(tls)'), 2)
  assert.is(twice('tls is defined', 'tls is not defined'), 2)
  assert.is(twice('tls', 'tls2'), 4)
  assert.is(
    versions('/a.j2', '{% if tls %}a;{% endif %}{% set tls = 1 %}{% if tls %}b;{% endif %}c;').length,
    4,
  )
  assert.is(
    asked(
      '{% for s in x %}{% if s.tls %}a;{% endif %}{% endfor %}{% for s in y %}{% if s.tls %}b;{% endif %}{% endfor %}c;',
    ),
    4,
  )
})

test('a statement inside a directive is blank, one that touches its words is a placeholder', () => {
  comesTo('/a.j2', 'listen 80{% if tls %} ssl{% endif %};', ['listen 80 ssl;', 'listen 80;'])
  comesTo('/a.j2', 'listen {% if tls %}443 ssl{% else %}80{% endif %};', ['listen 443 ssl;', 'listen 80;'])
  for (const text of [
    'server_name a{% if www %}.b{% endif %}.org;',
    'proxy_pass http://{{ host }}{% if port %}:{{ port }}{% endif %};',
    'add_header A "b{% if c %}; d{% endif %}";',
    'listen 80{# a port #}80;',
  ])
    comesTo('/a.j2', text, [text])
  comesTo('/a.j2', '{% if not tls %}#{% endif %}listen 443;', ['#listen 443;', 'listen 443;'].reverse())
})

test('Go, Helm, Handlebars and Mustache have their statements between two braces', () => {
  comesTo('/a.tmpl', '{{- if .TLS }}\na;\n{{- else if eq .B 1 }}\nb;\n{{- else }}\nc;\n{{- end }}', [
    'a;',
    'b;',
    'c;',
  ])
  comesTo('/a.tmpl', '{{ range $x := .L }}a {{ $x }};{{ else }}b;{{ end }}', ['a {{ $x }};', 'b;'])
  comesTo('/a.hbs', '{{#if tls}}a;{{else}}b;{{/if}}{{#unless tls}}c;{{/unless}}', ['a;', 'b;c;'])
  comesTo('/a.hbs', '{{#each l}}a {{this}};{{/each}}{{{raw}}}', ['a {{this}};', ''])
  comesTo('/a.mustache', '{{#tls}}a;{{/tls}}{{^tls}}b;{{/tls}}', ['a;', 'b;'])
})

test('ERB, EPP, EJS and PHP have theirs between percent signs', () => {
  comesTo('/a.erb', '<% if @tls -%>\na\n<% elsif x -%>\nb\n<% else -%>\nc\n<% end -%>\n', ['a', 'b', 'c'])
  comesTo('/a.erb', '<% unless @tls %>a\n<% end %><% if @tls %>b\n<% end %>', ['b', 'a'].reverse())
  comesTo('/a.erb', '<% @l.each do |x| -%>\na <%= x %>\n<% end -%>', ['a <%= x %>', ''])
  comesTo('/a.erb', '<% case @x\nwhen 1 %>a\n<% when 2 %>b\n<% end %>', ['a', 'b', ''])
  comesTo('/a.erb', '<% x = 1 if y %>a\n', ['a'])
  comesTo('/a.epp', '<%- | $x | -%>\n<% if $x { -%>\na\n<% } else { -%>\nb\n<% } -%>\n', ['a', 'b'])
  comesTo('/a.epp', '<% $l.each |$x| { -%>\na <%= $x %>\n<% } -%>\n', ['a <%= $x %>', ''])
  comesTo('/a.ejs', '<% if (x) { %>a;<% } else if (y) { %>b;<% } %>', ['a;', 'b;', ''])
  comesTo('/a.ejs', '<% l.forEach(function (x) { %>a <%= x %>;<% }) %>', ['a <%= x %>;', ''])
  comesTo('/a.tpl', '<?php if ($x): ?>a;<?php else: ?>b;<?php endif; ?>c <?= $d ?>;', [
    'a; c <?= $d ?>;',
    'b;c <?= $d ?>;',
  ])
})

test('ISPConfig has tags that look like sections', () => {
  comesTo(
    '/a.conf.master',
    "<tmpl_if name='ssl'>listen <tmpl_var name='ip'>:443;<tmpl_else>listen 80;</tmpl_if><tmpl_loop name=\"l\">a;</tmpl_loop>{tmpl_if name='ssl'}b;{/tmpl_if}",
    [
      "listen <tmpl_var name='ip'>:443; a; b;",
      'listen 80; a;',
      "listen <tmpl_var name='ip'>:443; b;",
      'listen 80;',
    ],
  )
})

test('what nothing closes guards nothing', () => {
  comesTo('/a.j2', 'a;{% if x %}b;', ['a; b;'])
  comesTo('/a.j2', 'a;{% endif %}b;{% else %}c;', ['a; b; c;'])
  comesTo('/a.j2', '{% for x in y %}a;{% if b %}c;{% endfor %}d;', ['a; c; d;', 'd;'])
})

test('a world counts what another one may have otherwise', () => {
  const files = memoryFileSystem({ '/a.conf.j2': '{% if a %}\nx 1;\n{% endif %}\n', '/b.conf': 'x 2;\n' })
  const world = createWorld(() => 0)
  const inWorld = filesInWorld(files, world)
  inWorld.read('/b.conf')
  assert.is(world.turns, 0)
  inWorld.read('/a.conf.j2')
  assert.ok(world.turns > 0)
})

test.run()
