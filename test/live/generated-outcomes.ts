import type { Dice } from './generated-nginx.ts'

/** The files of every generated site, below its folder; the content is the path itself. */
export const SITE_FILES = [
  '/index.html',
  '/x.html',
  '/a/index.html',
  '/a/b.html',
  '/a/b/c.txt',
  '/img/x.png',
  '/docs/read.me',
  '/é.txt',
  '/errors/404.html',
] as const

export const PATHS = [
  '/',
  '/a',
  '/a/',
  '/a/b',
  '/a/b.html',
  '/a/b/c.txt',
  '/a/b/',
  '/img/x.png',
  '/img/',
  '/img',
  '/docs/',
  '/docs/read.me',
  '/x.html',
  '/x',
  '/old/page',
  '/old/a%2Fb',
  '/old/a%20b%3Fc',
  '/old/a+b',
  '/%C3%A9.txt',
  '/none',
  '/none/deep/er',
  '/app/one/two',
  '/app/',
  '/app',
  '/private/x',
  '/errors/404.html',
  '/app/moved',
  '/old/moved',
  '/moved/x',
] as const

const QUERIES = ['', '', '', '?q=1', '?x=a%20b&y', '?']

export function outcomeTarget(random: Dice): string {
  return random.pick(PATHS) + random.pick(QUERIES)
}

const PATTERNS = [
  '^/old/(.*)$',
  '^/(.*)$',
  '^/a/(.+)',
  '\\.html$',
  '^/(\\w+)/(\\w+)',
  '^/none',
  '^/app/(?<rest>.*)',
]
const REPLACEMENTS = [
  '/a/$1',
  '/x.html',
  '/$1?from=old',
  '/img/x.png?',
  '/app/$1',
  '/none',
  '/b/$1$is_args$args',
  '/$1/$2',
]
const URLS = [
  'http://t.test/$1',
  'https://t.test$request_uri',
  '/moved/$1',
  '/moved$uri?',
  '$scheme://$host/z/$1',
  'http://t.test/n?y=$1',
]
const CONDITIONS = [
  '($args)',
  '($arg_q = 1)',
  '($request_method = POST)',
  '($host != "none")',
  '($uri ~ ^/a/(.*))',
  '($uri ~* HTML$)',
  '($request_uri !~ "^/old/")',
  '(-f $document_root$uri)',
  '(!-e $request_filename)',
  '(-d $request_filename)',
  '($http_x_test ~ "^(y)")',
  '($late)',
  '($kind = html)',
  '($net = self)',
  '($far)',
]

function rewriting(random: Dice): string {
  switch (random.roll(9)) {
    case 0:
    case 1:
      return `rewrite ${random.pick(PATTERNS)} ${random.pick(REPLACEMENTS)};`
    case 2:
      return `rewrite ${random.pick(PATTERNS)} ${random.pick(REPLACEMENTS)} ${random.pick(['last', 'break'])};`
    case 3:
      return `rewrite ${random.pick(PATTERNS)} ${random.pick(URLS)} ${random.pick(['redirect', 'permanent'])};`
    case 4:
      return `rewrite ${random.pick(PATTERNS)} http://t.test/$1;`
    case 5:
      return `set $late ${random.pick(['0', '""', 'yes', '$1', '$uri'])};`
    case 6:
      return random.once(3) ? 'break;' : 'set $args "z=$args";'
    case 7:
      return `if ${random.pick(CONDITIONS)} { ${random.pick(['set $late in;', `${answer(random)}`, 'break;', `rewrite ${random.pick(PATTERNS)} ${random.pick(REPLACEMENTS)} ${random.pick(['last', 'break', ''])};`])} }`
    default:
      return `if ${random.pick(CONDITIONS)} { ${answer(random)} }`
  }
}

function answer(random: Dice): string {
  return random.pick([
    'return 404;',
    'return 403;',
    'return 410 "gone $uri";',
    'return 200 "late=$late";',
    'return 301 http://t.test$request_uri;',
    'return 302 /x$is_args$args;',
    'return http://t.test/$1;',
    'return 444;',
    'return 503;',
    'return 307 $scheme://$http_host$uri;',
  ])
}

const FALLBACKS = ['@app', '@named', '=404', '=410', '/x.html', '/index.html?f=$uri', '/none', '/a/']
const TRIED = ['$uri', '$uri/', '$uri.html', '/a$uri', '/none', '/img/x.png', '$uri/index.html']

function tryFiles(random: Dice): string {
  const tried = [random.pick(TRIED)]
  if (random.once(2)) tried.push(random.pick(TRIED))
  return `try_files ${tried.join(' ')} ${random.pick(FALLBACKS)};`
}

function errorPage(random: Dice): string {
  return random.pick([
    'error_page 404 /errors/404.html;',
    'error_page 404 = @app;',
    'error_page 404 403 =200 /x.html;',
    'error_page 403 404 410 = /a/;',
    'error_page 404 @named;',
    'error_page 404 =302 http://t.test/lost;',
    'error_page 503 404 /none;',
    'error_page 404 http://t.test/gone;',
    'error_page 302 301 /x.html;',
    'recursive_error_pages on; error_page 404 /none;',
    'error_page 502 /x.html;',
    'error_page 502 404 = @named;',
    'proxy_intercept_errors on; error_page 404 /errors/404.html;',
    'proxy_intercept_errors on; error_page 302 404 =200 /x.html;',
  ])
}

function pass(random: Dice, backend: string, isPrefix: boolean): string {
  const plain = [`proxy_pass ${backend};`, 'proxy_pass http://pool;', `set $to ${backend}; proxy_pass $to;`]
  const withUri = [
    `proxy_pass ${backend}/;`,
    `proxy_pass ${backend}/base/;`,
    'proxy_pass http://pool/p;',
    `proxy_pass ${backend}/?k=v;`,
    `proxy_pass ${backend}/q/; proxy_redirect default; proxy_redirect / /other/;`,
  ]
  const computed = [
    `set $to ${backend}; proxy_pass $to/v$uri$is_args$args;`,
    `proxy_pass ${backend}$request_uri;`,
    `set $to ${backend}; proxy_pass $to/;`,
    'proxy_pass http://127.0.0.1:1;',
    `proxy_redirect off; proxy_pass ${backend};`,
    `proxy_redirect ${backend}/ /sent/; proxy_pass ${backend};`,
    `proxy_redirect ~^http://[^/]+(/.*)$ https://$host$1; proxy_pass ${backend};`,
  ]
  return random.pick(isPrefix ? [...plain, ...withUri, ...computed] : [...plain, ...computed])
}

function body(
  random: Dice,
  backend: string,
  name: string,
  folder: string,
  isPrefix: boolean,
  nested: string | null,
): string {
  const lines = [`add_header X-Block "${name}" always;`]
  for (let count = random.roll(3); count > 0; count--) lines.push(rewriting(random))
  if (random.once(6)) lines.push('internal;')
  if (random.once(4)) lines.push(errorPage(random))
  if (random.once(8))
    lines.push(
      random.pick([
        'deny all;',
        'allow 127.0.0.1; deny all;',
        'deny 127.0.0.1;',
        'satisfy any; deny all; auth_basic x; auth_basic_user_file none;',
        'auth_basic x; auth_basic_user_file none;',
        'auth_basic x;',
        'auth_request /auth-yes;',
        'auth_request /auth-no;',
        'auth_request /auth-who;',
        'auth_request /auth-lost;',
        'satisfy any; deny all; auth_request /auth-yes;',
        'satisfy any; deny all; auth_request /auth-who;',
      ]),
    )
  if (random.once(8) && !name.endsWith('.named'))
    lines.push(
      `limit_except ${random.pick(['GET', 'POST', 'GET POST'])} { ${random.pick(['deny all;', 'deny 10.0.0.1;'])} }`,
    )
  if (random.once(8) && isPrefix && nested !== null)
    lines.push(`location ${nested} {\n${body(random, backend, `${name}.in`, folder, true, null)}    }`)
  switch (random.roll(7)) {
    case 0:
    case 1:
      lines.push(pass(random, backend, isPrefix))
      break
    case 2:
      lines.push(answer(random))
      break
    case 3:
      lines.push(tryFiles(random))
      break
    case 4:
      if (isPrefix) lines.push(`alias ${folder}/${random.pick(['a/', 'img/', 'docs', ''])};`)
      if (random.once(3)) lines.push(tryFiles(random))
      break
    case 5:
      lines.push(`root ${folder}${random.pick(['', '/', '/a'])};`)
      if (random.once(3)) lines.push('index none.html index.html;')
      break
  }
  return lines.map(line => `      ${line}\n`).join('')
}

const PREFIXES = [
  '/',
  '/a',
  '/a/',
  '/img/',
  '/app/',
  '/old/',
  '/docs/',
  '/none',
  '/private/',
  '= /',
  '= /x.html',
  '^~ /a/b/',
]
const EXPRESSIONS = ['~ \\.html$', '~* ^/IMG/(.*)', '~ ^/old/(.+)', '~ ^/(?<top>[a-z]+)/']

/** A prefix inside a prefix that ends in a slash; an exact location takes none. */
function nestedName(name: string): string | null {
  return name.startsWith('=') || name.startsWith('~') || !name.endsWith('/')
    ? null
    : `${name.replace(/^\S+ /, '')}b`
}

/** One site: everything that the rewrite, try_files, error_page and proxy modules do with a request. */
export function outcomeServer(
  random: Dice,
  backend: string,
  folder: string,
  listen: string,
  id: string,
): string {
  let text = `  server {\n    listen ${listen};\n    server_name ${id}.test;\n    root ${folder};\n    add_header X-Block ${id} always;\n`
  if (random.once(5)) text += `    ${rewriting(random)}\n`
  if (random.once(3)) text += `    ${errorPage(random)}\n`
  if (random.once(6)) text += '    absolute_redirect off;\n'
  if (random.once(6)) text += '    port_in_redirect off;\n'
  if (random.once(6)) text += '    server_name_in_redirect on;\n'
  if (random.once(8)) text += `    ${tryFiles(random)}\n`
  const used = new Set<string>()
  for (let count = 3 + random.roll(5); count > 0; count--)
    used.add(random.once(4) ? random.pick(EXPRESSIONS) : random.pick(PREFIXES))
  let index = 0
  for (const name of used)
    text += `    location ${name} {\n${body(random, backend, `${id}.${index++}`, folder, !name.startsWith('~'), nestedName(name))}    }\n`
  text +=
    '    location = /auth-yes { internal; return 204; }\n    location = /auth-no { deny all; return 403; }\n'
  text += '    location = /auth-who { return 401; }\n'
  text += `    location @app {\n      add_header X-Block ${id}.app always;\n      proxy_pass ${backend};\n    }\n`
  text += `    location @named {\n${body(random, backend, `${id}.named`, folder, false, null).replace('      internal;\n', '')}    }\n`
  return `${text}  }\n`
}
