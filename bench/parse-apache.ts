import { parseApache } from '../parsers/apache/parse.ts'
import { textSource } from '../parsers/text/source.ts'
import { memoryFileSystem } from '../src/files/memory-file-system.ts'
import { EMPTY_ENVIRONMENT } from '../src/servers/apache/environment.ts'
import { evaluateApache } from '../src/servers/apache/evaluate.ts'

const SITES = Number(process.argv[2] ?? 10_000)

/** A site of 28 lines, as the reference architecture has it. */
function site(index: number): string {
  const host = `site${index}.example.org`
  return `<VirtualHost 127.0.0.1:9000>
    ServerName ${host}
    ServerAlias www.${host}
    ServerAdmin webmaster@${host}
    DocumentRoot /srv/${host}/public

    # static files are served by nginx
    WSGIDaemonProcess ${host} user=www-data group=www-data processes=2 threads=15 \\
        python-home=/srv/${host}/venv python-path=/srv/${host}/app
    WSGIProcessGroup ${host}
    WSGIApplicationGroup %{GLOBAL}
    WSGIScriptAlias / /srv/${host}/app/wsgi.py process-group=${host}

    <Directory /srv/${host}/app>
        <Files wsgi.py>
            Require all granted
        </Files>
    </Directory>

    <IfModule mod_headers.c>
        Header always set X-Content-Type-Options "nosniff"
        RequestHeader unset Proxy early
    </IfModule>
    LogLevel warn
    ErrorLog \${APACHE_LOG_DIR}/${host}-error.log
    CustomLog \${APACHE_LOG_DIR}/${host}-access.log combined
</VirtualHost>
`
}

function measure<T>(name: string, run: () => T): T {
  const start = performance.now()
  const result = run()
  const time = performance.now() - start
  const heap = process.memoryUsage().heapUsed / 1e6
  console.log(`${name.padEnd(28)} ${time.toFixed(0).padStart(7)} ms   heap ${heap.toFixed(0)} MB`)
  return result
}

const texts: Record<string, string> = {
  '/etc/apache2/apache2.conf':
    'LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so\n' +
    'LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so\n' +
    'ErrorLog /dev/null\n' +
    'LoadModule wsgi_module /usr/lib/apache2/modules/mod_wsgi.so\n' +
    'LoadModule headers_module /usr/lib/apache2/modules/mod_headers.so\n' +
    'IncludeOptional sites-enabled/*.conf\n',
}
for (let index = 0; index < SITES; index++) texts[`/etc/apache2/sites-enabled/${index}.conf`] = site(index)

const whole = textSource('/one.conf', Array.from({ length: SITES }, (_, index) => site(index)).join(''))
measure(`parse, ${SITES} sites in one file`, () => parseApache(whole))

const files = memoryFileSystem(texts, { covers: ['/etc'] })
const main = files.read('/etc/apache2/apache2.conf')
if (main.kind !== 'source') throw new Error(main.reason)
const configuration = measure(`evaluate, ${SITES} files`, () =>
  evaluateApache({
    files,
    main: main.source,
    fragments: [],
    environment: EMPTY_ENVIRONMENT,
    version: { value: '2.4.71', from: 'assumed', at: null },
  }),
)
console.log(`${configuration.top.length} at the top`)
for (const { message } of configuration.problems.slice(0, 5)) console.log(message)
