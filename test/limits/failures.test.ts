import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { auditPaths } from '../../src/index.ts'
import { runIn } from '../cli/harness.ts'
import { scratchTree } from '../files/scratch-tree.ts'

const NGINX = 'events {}\nhttp {\n  server {\n    listen 80;\n    server_name example.org;\n  }\n}\n'

test('a limit is a notice that names it, and what was read is reported', async () => {
  const lines = Array.from(
    { length: 12 },
    (_, index) => `<Macro M${index} $x>\nUse M${index + 1} $x$x$x$x\n</Macro>\n`,
  )
  const directory = scratchTree({
    'etc/nginx/nginx.conf': NGINX.replace('listen 80;', 'listen 80'),
    'etc/apache2/apache2.conf': `ServerRoot /etc/apache2\nLoadModule macro_module m.so\nListen 81\n${lines.join('')}<Macro M12 $x>\nSetEnv A $x\n</Macro>\nUse M0 abcdefgh\n`,
  })
  const { code, out, errors } = await runIn(directory, ['-v', '.'])
  assert.is(code, 4)
  assert.match(out, /nginx\/syntax/)
  assert.match(
    errors.join('\n'),
    /apache2\.conf: Apache is read up to a line of 1000000 characters; the rest is not audited/,
  )
  assert.is((await runIn(directory, ['--allow-incomplete', '.'])).code, 1)
})

const DOUBLING: readonly {
  readonly what: string
  readonly files: Readonly<Record<string, string>>
  readonly says: RegExp
}[] = [
  {
    what: 'a variable of a shell',
    files: {
      'etc/apache2/apache2.conf': 'ServerRoot /etc/apache2\nListen 81\nUser ${X}\n',
      'etc/apache2/envvars': `x=aa\n${'x=$x$x\n'.repeat(26)}export X=$x\n`,
    },
    says: /etc\/apache2\/envvars: what it sets was not followed to its end: `x`: it is longer than 65,536 characters/,
  },
  {
    what: 'a setting of Django',
    files: {
      'etc/apache2/apache2.conf':
        'ServerRoot /etc/apache2\nListen 81\nWSGIScriptAlias / /opt/app/wsgi.py\nWSGIPythonPath /opt/app\n',
      'opt/app/wsgi.py':
        "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'settings')\nfrom django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n",
      'opt/app/settings.py': `X = 'a'\n${'X = X + X\n'.repeat(27)}ALLOWED_HOSTS = [X]\n`,
    },
    says: /opt\/app\/settings\.py: what it sets was not followed to its end: `X`: it is longer than 65,536 characters/,
  },
  {
    what: '`set` of nginx',
    files: {
      'etc/nginx/nginx.conf': NGINX.replace(
        'listen 80;',
        `listen 80; set $x aa; ${'set $x $x$x; '.repeat(26)}`,
      ),
    },
    says: /etc\/nginx\/nginx\.conf: nginx is read up to values of 65,536 characters/,
  },
  {
    what: 'maps of nginx, the last one first',
    files: {
      'etc/nginx/nginx.conf': NGINX.replace(
        'http {',
        `http {\n${Array.from({ length: 26 }, (_, index) => `map $host $v${25 - index} { default ${index === 25 ? 'aa' : `$v${24 - index}$v${24 - index}`}; }\n`).join('')}`,
      ),
    },
    says: /etc\/nginx\/nginx\.conf: nginx is read up to values of 65,536 characters/,
  },
]

for (const { what, files, says } of DOUBLING) {
  test(`what doubles itself is followed to a limit, which is said: ${what}`, async () => {
    const { code, errors } = await runIn(scratchTree(files), ['.'])
    assert.is(code, 4)
    assert.match(errors.join('\n'), says)
  })
}

test('what does not double itself is no limit', async () => {
  const directory = scratchTree({
    'etc/nginx/nginx.conf': NGINX.replace(
      'listen 80;',
      `listen 80; set $x $uri; ${'set $x $x$args; '.repeat(26)} set $y ${'a'.repeat(4000)};`,
    ),
  })
  assert.is.not((await runIn(directory, ['.'])).code, 4)
})

test('a script beyond measure leaves its variables unknown', async () => {
  const deep = `${'if true; then\n'.repeat(30_000)}x=1\n${'fi\n'.repeat(30_000)}`
  const directory = scratchTree({
    'etc/apache2/apache2.conf': 'ServerRoot /etc/apache2\nListen 81\nUser ${X}\n',
    'etc/apache2/envvars': deep,
  })
  const { code, errors } = await runIn(directory, ['.'])
  assert.ok(code === 0 || code === 1 || code === 4, errors.join('\n'))
  assert.not.match(errors.join('\n'), /defect/)
})

test('a message is no longer than anybody reads', async () => {
  const directory = scratchTree({ 'nginx.conf': `events {}\n${'a'.repeat(3_000_000)} on;\n` })
  for (const format of ['text', 'github', 'json', 'sarif', 'concise']) {
    const { out } = await runIn(directory, ['-f', format, '.'])
    assert.match(out, /aaaa/)
    // SARIF describes every rule.
    assert.ok(out.length < (format === 'sarif' ? 2_000_000 : 100_000), `${format}: ${out.length}`)
  }
})

const NAMES = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__']

test('names of JavaScript’s own are words like all others', async () => {
  for (const name of NAMES) {
    const server = [
      `${name} x;`,
      `set $${name} x;`,
      `location /${name} { ${name}; }`,
      `proxy_set_header ${name} $${name};`,
      `error_log /x ${name};`,
      `server_name ${name};`,
      `return ${name};`,
      `listen ${name};`,
      `ssl_protocols ${name};`,
      `location ${name} /x { }`,
      `proxy_pass ${name}://x;`,
      `expires ${name};`,
      `log_format ${name} "$${name}";`,
    ]
    const apache = [
      `${name} x`,
      `<${name} x>\n</${name}>`,
      `Redirect ${name}`,
      `Redirect ${name} /x /y`,
      `RedirectMatch ${name} ^/x$ /y`,
      `SetEnv ${name} x`,
      `Define ${name} x`,
      `Use ${name}`,
      `LoadModule ${name} x.so`,
      `WSGIDaemonProcess ${name} ${name}=x`,
      `WSGIProcessGroup ${name}`,
      `SSLProtocol ${name}`,
      `SSLSessionCache ${name}:x`,
      `ProxyPass /x http://x ${name}=x`,
      `Require ${name}`,
      `AllowOverride ${name}`,
      `Options ${name}`,
      `LogLevel ${name}`,
      `IndexOptions ${name}=1`,
      `<If "${name}(1)">\n</If>`,
      `RewriteRule ^ - [${name}]`,
      `Header ${name} x`,
    ]
    for (const line of server) {
      const { code, errors } = await runIn(scratchTree({ 'nginx.conf': NGINX.replace('listen 80;', line) }), [
        '.',
      ])
      assert.ok(code === 0 || code === 1, `${line}: ${errors.join('\n')}`)
    }
    for (const line of apache) {
      const directory = scratchTree({
        'etc/apache2/apache2.conf': `ServerRoot /etc/apache2\nListen 81\nLoadModule macro_module m.so\nLoadModule wsgi_module m.so\nLoadModule ssl_module m.so\nLoadModule rewrite_module m.so\nLoadModule proxy_module m.so\nLoadModule autoindex_module m.so\nLoadModule headers_module m.so\nLoadModule alias_module m.so\n${line}\n`,
      })
      const { code, errors } = await runIn(directory, ['.'])
      assert.ok(code === 0 || code === 1, `${line}: ${errors.join('\n')}`)
    }
    for (const words of [
      [`--${name}`],
      [name],
      ['--only', name, '.'],
      ['explain', name],
      ['-f', name, '.'],
    ]) {
      assert.is((await runIn(scratchTree({ 'nginx.conf': NGINX }), words)).code, 2, words.join(' '))
    }
    const settings = scratchTree({
      'etc/apache2/apache2.conf':
        'ServerRoot /etc/apache2\nListen 81\nLoadModule wsgi_module m.so\nWSGIScriptAlias / /srv/shop/shop/wsgi.py\n',
      'etc/apache2/envvars': `export ${name}=x\n${name}() { :; }\n${name}\n`,
      'srv/shop/shop/wsgi.py': `import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings", ${name}=1)\n`,
      'srv/shop/shop/settings.py': `${name} = 1\nX = ${name}\nY = {'${name}': 1}['${name}']\nZ = dict(${name}=1)\n`,
    })
    const { code, errors } = await runIn(settings, ['.'])
    assert.ok(code === 0 || code === 1, `${name}: ${errors.join('\n')}`)
  }
})

test('the library does not grow with each call', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const directory = scratchTree({
    'etc/nginx/nginx.conf': NGINX,
    'etc/apache2/apache2.conf':
      'ServerRoot /etc/apache2\nListen 81\nLoadModule wsgi_module m.so\nWSGIScriptAlias / /srv/shop/shop/wsgi.py\n',
    'etc/apache2/envvars': 'export X=1\n',
    'srv/shop/shop/wsgi.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n',
    'srv/shop/shop/settings.py': 'DEBUG = True\n',
  })
  const used = async (calls: number): Promise<number> => {
    for (let call = 0; call < calls; call++) await auditPaths(['.'], { workingDirectory: directory })
    collect()
    const { heapUsed, external, arrayBuffers } = process.memoryUsage()
    return heapUsed + external + arrayBuffers
  }
  const before = await used(10)
  const growth = ((await used(30)) - before) / 30
  assert.ok(growth < 30_000, `${growth} bytes a call`)
})

test.run()
