import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { maskTemplate } from '../../../parsers/text/mask-template.ts'
import { placeText, positionAt, type Source } from '../../../parsers/text/source.ts'
import type { FileSystem } from '../../../src/files/file-system.ts'
import { memoryFileSystem } from '../../../src/files/memory-file-system.ts'
import type { NginxConfiguration, NginxDirective } from '../../../src/servers/nginx/configuration.ts'
import { evaluateNginx, type NginxInput } from '../../../src/servers/nginx/evaluate.ts'

const version = { value: '1.22.1', from: 'option', at: null } as const

function sourceOf(files: FileSystem, path: string): Source {
  const result = files.read(path)
  if (result.kind !== 'source') throw new Error(`${path}: ${result.reason}`)
  return result.source
}

/** Evaluates the main file `main` of the file system. */
function evaluate(
  files: FileSystem,
  main = '/etc/nginx/nginx.conf',
  more: Partial<NginxInput> = {},
): NginxConfiguration {
  return evaluateNginx({ files, main: sourceOf(files, main), fragments: [], version, ...more })
}

const nginx = (files: Readonly<Record<string, string>>): NginxConfiguration =>
  evaluate(
    memoryFileSystem(Object.fromEntries(Object.entries(files).map(([k, v]) => [`/etc/nginx/${k}`, v]))),
  )

test('in a repository the template of an included file is read in its place, where there is one alone', () => {
  const included = (others: Readonly<Record<string, string>>): readonly string[] => {
    const files = memoryFileSystem({
      '/conf/nginx.conf.j2': 'events {}\nhttp {\n  include base.conf;\n}\n',
      ...others,
    })
    const main = sourceOf(files, '/conf/nginx.conf.j2')
    const { sources } = evaluateNginx({
      files: { ...files, covers: () => false },
      main,
      fragments: [],
      version,
    })
    return sources.map(({ path }) => path)
  }
  const one = { '/conf/base.conf.j2': 'server_tokens off;\n' }
  assert.equal(included(one), ['/conf/nginx.conf.j2', '/conf/base.conf.j2'])
  assert.equal(included({ ...one, '/conf/base.conf': 'gzip on;\n' }), [
    '/conf/nginx.conf.j2',
    '/conf/base.conf',
  ])
  assert.equal(included({ ...one, '/conf/base.conf.erb': 'gzip on;\n' }), ['/conf/nginx.conf.j2'])
  assert.equal(included({ '/conf/base.conf.bak': 'gzip on;\n' }), ['/conf/nginx.conf.j2'])
})

test('a byte-order mark is a part of the first word, of any file but a template', () => {
  const codes = ({ problems }: NginxConfiguration): readonly string[] => problems.map(({ code }) => code)
  assert.equal(codes(nginx({ 'nginx.conf': '\uFEFFevents {}\nhttp {}\n' })), ['unknown-directive'])
  const main = 'events {}\nhttp {\n  include a.conf;\n}\n'
  for (const text of ['\uFEFFserver {\n  listen 80;\n}\n', '\uFEFF# sites\nserver {\n  listen 80;\n}\n']) {
    assert.equal(codes(nginx({ 'nginx.conf': main, 'a.conf': text })), ['unknown-directive'])
    const files = memoryFileSystem({ '/a.conf': text })
    const fragments = [sourceOf(files, '/a.conf')]
    assert.equal(codes(evaluateNginx({ files, main: null, fragments, version })), ['unknown-directive'])
  }
  const files = memoryFileSystem({ '/a.hbs': '\uFEFFserver {\n  listen 80;\n  server_name {{Host}};\n}\n' })
  const fragments = [sourceOf(files, '/a.hbs')]
  assert.equal(codes(evaluateNginx({ files, main: null, fragments, version })), [])
})

function unread({ unread = [] }: NginxConfiguration): readonly string[] {
  return unread.map(({ reason, path }) => `${reason} ${path}`)
}

/** `name(children)` with each context that differs from the parent's usual one left out. */
function show(directives: readonly NginxDirective[]): string {
  return directives
    .map(({ name, args, children, node }) => {
      const words = [name, ...args.map(arg => arg.value)].join(' ')
      return node.block === null ? words : `${words} { ${show(children)} }`
    })
    .join('; ')
}

const codes = ({ problems }: NginxConfiguration): string[] =>
  problems.map(({ code, fatal }) => `${code}${fatal ? '!' : ''}`)

test('what an include brings follows it, with the context of its place and its own source', () => {
  const { top, sources, occurrences, included } = nginx({
    'nginx.conf': 'events {}\nhttp { include s/*; server { include p; } server { include p; } }',
    's/a': 'server { listen 1; }',
    p: 'listen 2;\nlocation / { include q; }',
    q: 'deny all;',
  })
  assert.is(
    show(top),
    'events {  }; http { include s/*; server { listen 1 }; server { include p; listen 2; location / { include q; deny all } };' +
      ' server { include p; listen 2; location / { include q; deny all } } }',
  )
  assert.equal(
    sources.map(({ path }) => path.slice('/etc/nginx/'.length)),
    ['nginx.conf', 's/a', 'p', 'q'],
  )
  const [, second, third] = occurrences.get('listen') ?? []
  assert.is(second?.node, third?.node)
  assert.is(second?.context, 'server')
  assert.is(second?.parent?.name, 'server')
  assert.is.not(second?.parent, third?.parent)
  assert.is(second?.source.path, '/etc/nginx/p')
  const [deny] = occurrences.get('deny') ?? []
  assert.is(deny?.context, 'location')
  const [first] = occurrences.get('include') ?? []
  assert.equal(first && included?.get(first)?.map(({ path }) => path), ['/etc/nginx/s/a'])
})

test('contexts are told by the blocks around', () => {
  const { occurrences } = nginx({
    'nginx.conf': `events { a; }
      http { map $uri $x { include m; } upstream u { b; } server { if ($x) { c; } location / { if ($x) { d; } limit_except GET { e; } } } }
      stream { upstream u { f; } server { g; } map $a $b { x y; } }
      mail { server { h; } }
      rtmp { server { i; } }`,
    m: 'server 1;\nlisten 2;',
  })
  const contexts = Object.fromEntries(
    [...'abcdefghi'].map(name => [name, occurrences.get(name)?.[0]?.context]),
  )
  assert.equal(contexts, {
    a: 'events',
    b: 'upstream',
    c: 'server if',
    d: 'location if',
    e: 'limit_except',
    f: 'stream upstream',
    g: 'stream server',
    h: 'mail server',
    i: 'unknown',
  })
  // What a map maps is no directive, whatever it is called.
  assert.is(occurrences.has('listen'), false)
  assert.equal(
    occurrences.get('map')?.[0]?.children.map(({ name, context }) => `${context} ${name}`),
    ['data include', 'data server', 'data listen'],
  )
})

test('a missing file is said once, with the other places that include it', () => {
  const { problems } = nginx({
    'nginx.conf':
      'events {}\nhttp { server { include gone; } server { include gone; include p; } server { include p; } }',
    p: 'include gone;',
  })
  const missing = problems.filter(({ code }) => code === 'include-missing')
  assert.is(missing.length, 1)
  const [problem] = missing
  assert.is(problem?.code, 'include-missing')
  assert.is(problem?.fatal, true)
  assert.is(problem && positionAt(problem.at.source, problem.at.start).column, 25)
  assert.is(problem?.related?.length, 2)
})

test('a file that is not among the audited ones leaves a part unknown and is not fatal', () => {
  const main =
    'events {}\nhttp { include /opt/site/a.conf; include /opt/site/*.conf; bogus_directive_of_theirs on; }'
  const files = memoryFileSystem({ '/etc/nginx/nginx.conf': main }, { covers: ['/etc'] })
  const configuration = evaluate(files)
  assert.equal(codes(configuration), [])
  assert.equal(unread(configuration), ['outside /opt/site/a.conf', 'outside /opt/site/*.conf'])
})

test('a copy of the home lacks a directory of the packages that has nothing in it', () => {
  const main =
    'events {}\nhttp { include /etc/nginx/conf.d/*.conf; include /etc/nginx/sites-enabled/*; include /etc/nginx/more.d/*.conf; }'
  const site = { '/etc/nginx/nginx.conf': main, '/etc/nginx/sites-enabled/a': 'server { listen 80; }' }
  const copied = memoryFileSystem({ ...site, '/etc/nginx/mime.types': '' }, { covers: [] })
  assert.equal(unread(evaluate(copied)), ['outside /etc/nginx/more.d/*.conf'])
  const kept = memoryFileSystem(site, { covers: [] })
  assert.equal(unread(evaluate(kept)), ['outside /etc/nginx/more.d/*.conf'])
  const changed = memoryFileSystem({ '/etc/nginx/nginx.conf': main }, { covers: [] })
  assert.equal(unread(evaluate(changed)), [
    'outside /etc/nginx/conf.d/*.conf',
    'outside /etc/nginx/sites-enabled/*',
    'outside /etc/nginx/more.d/*.conf',
  ])
})

test('a file of types or parameters that is not here hides no fault', () => {
  const main = 'events {}\nhttp { include mime.types; server { listen 8443 ssl; include fastcgi_params; } }'
  const bare = evaluate(memoryFileSystem({ '/nginx.conf': main }, { covers: [] }), '/nginx.conf')
  const full = { '/nginx.conf': main, '/mime.types': 'types {}', '/fastcgi_params': '' }
  assert.equal(codes(bare), ['certificate-missing!'])
  assert.equal(codes(evaluate(memoryFileSystem(full), '/nginx.conf')), ['certificate-missing!'])
  const own = 'events {}\nhttp { include own.conf; server { listen 8443 ssl; } }'
  assert.equal(codes(evaluate(memoryFileSystem({ '/nginx.conf': own }, { covers: [] }), '/nginx.conf')), [])
})

test("a repository need not hold the files that nginx's own package brings", () => {
  const main = 'events {}\nhttp { include mime.types; server { location / { include fastcgi_params; } } }'
  const bare = evaluate(memoryFileSystem({ '/nginx.conf': main, '/koi-utf': '' }), '/nginx.conf')
  assert.equal(codes(bare), [])
  assert.equal(unread(bare), ['outside /mime.types', 'outside /fastcgi_params'])
  const installed = evaluate(memoryFileSystem({ '/etc/nginx/nginx.conf': main, '/etc/nginx/koi-utf': '' }))
  assert.equal(codes(installed), ['include-missing!', 'include-missing!'])
})

test('where nginx itself lives elsewhere, files beside the main one stand for those below /etc/nginx', () => {
  const files = memoryFileSystem(
    {
      '/repo/nginx.conf': 'events {}\nhttp { include /etc/nginx/conf.d/*.conf; }',
      '/repo/conf.d/a.conf': 'server { listen 1; }',
    },
    { covers: ['/repo'] },
  )
  const configuration = evaluate(files, '/repo/nginx.conf')
  assert.is(configuration.occurrences.get('listen')?.length, 1)
  assert.equal(codes(configuration), [])
})

test('an include map leads into a tree of another layout', () => {
  const files = memoryFileSystem({
    '/nginx.conf': 'events {}\nhttp { include /usr/share/site/*.conf; }',
    '/conf/a.conf': 'server { listen 1; }',
  })
  for (const [from, to] of [
    ['/usr/share/site/', '/conf/'],
    ['/usr/share/site', 'conf'],
    ['/usr/share', '/other'],
    ['/usr/share/si', '/conf'],
  ] as const) {
    const { occurrences } = evaluate(files, '/nginx.conf', { includeMap: [{ from, to }] })
    assert.is(
      occurrences.get('listen')?.length ?? 0,
      to.includes('conf') && from.includes('site') ? 1 : 0,
      from,
    )
  }
})

test('a link that leads out of what is audited is unknown, one that leads nowhere on a machine is fatal', () => {
  const texts = { '/etc/nginx/nginx.conf': 'events {}\nhttp { include s/*; }' }
  const links = { '/etc/nginx/s/a': '/opt/a.conf' }
  const part = evaluate(memoryFileSystem(texts, { links, covers: ['/etc'] }))
  assert.equal(codes(part), [])
  assert.equal(unread(part), ['outside /etc/nginx/s/a'])
  assert.equal(codes(evaluate(memoryFileSystem(texts, { links }))), ['include-missing!'])
})

test('a file that links lead to is read under the directory by which nginx opened it', () => {
  const files = memoryFileSystem(
    { '/srv/conf/main': 'events {}\nhttp { include a; }', '/etc/nginx/a': 'sendfile on;' },
    { links: { '/etc/nginx/nginx.conf': '/srv/conf/main' } },
  )
  const configuration = evaluate(files, '/etc/nginx/nginx.conf', { mainPath: '/etc/nginx/nginx.conf' })
  assert.equal(codes(configuration), [])
  assert.ok(configuration.occurrences.has('sendfile'))
})

test('a cycle is told where it closes, and what came before it is read', () => {
  const { problems, occurrences } = nginx({
    'nginx.conf': 'events {}\nhttp { include a; }',
    a: 'map $uri $a { }\ninclude b;',
    b: '\ninclude a;',
  })
  assert.equal(
    problems.map(({ code, at }) => [code, at.source.path, placeText(at)]),
    [['include-cycle', '/etc/nginx/b', 'a']],
  )
  assert.is(occurrences.get('map')?.length, 1)
})

test('a syntax error of a file that is read a thousand times is said once, in reading order', () => {
  const configuration = nginx({
    'nginx.conf': 'events {}\nhttp { include p; include p;\n sendfile maybe; }',
    p: 'server { listen 1; ; }',
  })
  assert.equal(codes(configuration).slice(0, 2), ['unexpected-semicolon!', 'invalid-value!'])
})

test('nothing in a template is fatal', () => {
  const source: Source = {
    path: '/etc/nginx/nginx.conf',
    text: 'events {}\nhttp { include {{ a }}; include gone; listen {{ b }} }',
    code: 'events {}\nhttp { include \uE000\uE000\uE000\uE000\uE000\uE000\uE000; include gone; listen \uE000\uE000\uE000\uE000\uE000\uE000\uE000 }',
    encoding: 'utf8',
    template: true,
    branches: [],
    gaps: [],
    values: null,
  }
  const { problems } = evaluateNginx({ files: memoryFileSystem({}), main: source, fragments: [], version })
  assert.equal(
    problems.map(({ code, fatal, inTemplate }) => [code, fatal, inTemplate]),
    [['wrong-context', false, 'refused']],
  )
})

/** The problems of a template that stands beside others, each with the line it is on. */
function templateProblems(text: string): readonly string[] {
  const path = '/etc/nginx/site.conf.j2'
  const fragment = { path, text, encoding: 'utf8' as const, ...maskTemplate(path, text), values: null }
  const { problems } = evaluateNginx({
    files: memoryFileSystem({}),
    main: null,
    fragments: [fragment],
    version,
  })
  return problems.map(({ code, at }) => `${code} ${positionAt(at.source, at.start).line}`)
}

const templated = (lines: string): string => `server {\n listen 80;\n server_name {{ name }};\n${lines}\n}\n`

test('what no placeholder of a template can change is said of it', () => {
  const wrong: readonly (readonly [string, string])[] = [
    [' location / {\n uwsgi_pass 127.0.0.1:1\n include uwsgi_params;\n }', 'argument-count 5'],
    [' include /etc/{{ name }}/auth.conf\n', 'unexpected-close-brace 6'],
    [' {% if tls %}\n ssl on yes;\n {% endif %}', 'argument-count 5'],
    [' proxy_pass http://127.0.0.1:9000;', 'wrong-context 4'],
    [' proxy_pass {{ target }};', 'wrong-context 4'],
    [' sever_name {{ name }};', 'unknown-directive 4'],
    [' Location /a { return 204; }', 'unknown-directive 4'],
    [' add header X-Frame-Options deny;', 'unknown-directive 4'],
    [' DocumentRoot /srv/www;', 'unknown-directive 4'],
    [' http_client_body_temp /tmp;', 'unknown-directive 4'],
    [' client_max_body_size 10MB;', 'invalid-value 4'],
    [' location ~ ^/(a { return 204; }', 'invalid-regex 4'],
    [' location ~ ^/[a-z]{2}/ { return 204; }', 'brace-in-pattern 4'],
    [' location {{ path }}/ {\n location @error { return 404; }\n }', 'invalid-location 5'],
    [' location /a/ {\n location /b/ { return 404; }\n }', 'location-outside-parent 5'],
    [' location ^/ /a { return 204; }', 'invalid-location 4'],
    [' if ("{{ port }}" = "80") { return 204; }', 'invalid-condition 4'],
    [' root /srv/www/;page.html;', 'unknown-directive 4'],
  ]
  for (const [lines, said] of wrong) assert.equal(templateProblems(templated(lines)), [said], lines)
})

test('what a placeholder of a template may make right is left alone', () => {
  const right = [
    ' root {{ root }} {{ more }};',
    ' root /srv/www {{ more }};',
    ' root /srv/www\n {% if a %};{% endif %}',
    ' include {{ file }}\n',
    ' index a {# ; #}\n',
    ' {{ open }}\n proxy_pass http://127.0.0.1:9000;\n {{ close }}',
    ' {% set proxy -%}\n proxy_pass http://127.0.0.1:9000;\n {%- endset %}\n location / {\n {{ proxy }}\n }',
    ' {% macro proxy() %}\n proxy_pass http://127.0.0.1:9000;\n {% endmacro %}\n location / {\n {{ proxy() }}\n }',
    ' client_max_body_size {{ size }}MB;',
    ' SERVER_NAME;',
    ' purge cache 1 2;',
    ' location ~ ^/{{ prefix }}(a { return 204; }',
    ' location ~ ^/{prefix}/ { return 204; }',
    ' location ~ "^/[a-z]{2}/" { return 204; }',
    ' location {{ path }}/ {\n location /b/ { return 404; }\n }',
    ' location {{ path }}/ {\n {% if a %}}{% endif %}\n location @error { return 404; }\n {% if b %}}{% endif %}',
    ' if ($port = "{{ port }}") { return 204; }',
    ' if ({{ operand }} = "80") { return 204; }',
    ' root /srv/www/; {{ more }}.page;',
    ' {% if a %}location / {{ "{" }}{% endif %}\n return 204;',
    ' <?php if ($other) { ?>\n server {\n listen 81;\n }\n <?php } ?>',
  ]
  for (const lines of right) assert.equal(templateProblems(templated(lines)), [], lines)
})

/** The problems of a template that is the whole configuration. */
function wholeProblems(http: string): readonly string[] {
  const path = '/etc/nginx/nginx.conf.j2'
  const text = `events {}\nhttp {\n${http}\n}\n`
  const main = { path, text, encoding: 'utf8' as const, ...maskTemplate(path, text), values: null }
  const { problems } = evaluateNginx({ files: memoryFileSystem({}), main, fragments: [], version })
  return problems.map(({ code, at }) => `${code} ${positionAt(at.source, at.start).line}`)
}

test('of a template that leaves words alone open, all that the whole lacks is lacking', () => {
  const site = (lines: string): string => `server {\n listen {{ port }};\n ${lines}\n}`
  const wrong: readonly (readonly [string, string])[] = [
    [site('set $a $connection_upgrade;'), 'unknown-variable 5'],
    [site('proxy_set_header A $connection_upgrade;'), 'unknown-variable 5'],
    [site('access_log /var/log/site.log json;'), 'unknown-log-format 5'],
    [site('limit_req zone=one;'), 'unknown-zone 5'],
    ['server {\n listen 443 ssl;\n server_name {{ name }};\n}', 'certificate-missing 3'],
  ]
  for (const [http, said] of wrong) assert.equal(wholeProblems(http), [said], http)
})

test('what a template may bring or name is not lacking', () => {
  const uses = 'set $a $other; access_log /a json; limit_req zone=one;'
  const right = [
    `{{ more }}\nserver {\n listen 80;\n ${uses}\n}`,
    `{% include "maps" %}\nserver {\n listen 80;\n ${uses}\n}`,
    `{% for each in maps %}\nmap $uri \${{ each }} { default 1; }\n{% endfor %}\nserver {\n listen 80;\n set $a $other;\n}`,
    `include {{ sites }};\nserver {\n listen 80;\n ${uses}\n}`,
    'server {\n listen 80;\n set $backEnd {{ host }};\n proxy_set_header A $backend;\n}',
    'map $uri ${{ name }} { default 1; }\nserver {\n listen 80;\n set $a $other;\n}',
    'log_format {{ name }} "$uri";\nserver {\n listen 80;\n access_log /a json;\n}',
    'limit_req_zone $uri zone={{ name }}:1m rate=1r/s;\nserver {\n listen 80;\n limit_req zone=one;\n}',
    'server {\n listen 443 ssl;\n server_name {{ name }};\n {{ certificates }}\n}',
    'server {\n listen 80;\n location ~ ^{{ prefix }}/(?<part>.+)$ {\n alias /srv/$part;\n }\n}',
  ]
  for (const http of right) assert.equal(wholeProblems(http), [], http)
})

test('any text is evaluated, and every block holds its children', () => {
  const words = fc.constantFrom(
    ...'events http server location / if map $uri $x include a b c * ; ; ; { { } } } " \' # \n'.split(' '),
    'nginx.conf',
    'listen 80',
  )
  const text = fc.array(words, { maxLength: 60 }).map(parts => parts.join(' '))
  fc.assert(
    fc.property(text, text, text, (main, a, b) => {
      const { top, occurrences } = nginx({ 'nginx.conf': main, a, b })
      let count = 0
      const walk = (directives: readonly NginxDirective[], parent: NginxDirective | null): void => {
        for (const directive of directives) {
          assert.is(directive.parent, parent)
          if (directive.context !== 'data') {
            count++
            assert.ok(occurrences.get(directive.name)?.includes(directive))
          }
          walk(directive.children, directive)
        }
      }
      walk(top, null)
      assert.is(
        [...occurrences.values()].reduce((sum, found) => sum + found.length, 0),
        count,
      )
    }),
    { seed: 41, numRuns: 500 },
  )
})

test('files that include each other over and over come to an end', () => {
  const levels = Array.from({ length: 40 }, (_, level) => [
    `f${level}`,
    `include f${level + 1};\ninclude f${level + 1};`,
  ])
  const { sources } = nginx({ 'nginx.conf': 'include f0;', ...Object.fromEntries(levels), f40: 'gzip on;' })
  assert.is(sources.length, 42)
})

test('a block that is nested beyond reason ends the evaluation of its branch alone', () => {
  const { top } = nginx({ 'nginx.conf': `${'a {'.repeat(50_000)}${'}'.repeat(50_000)} b;` })
  assert.is(top.at(-1)?.name, 'b')
})

test.run()
