import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isStandIn } from '../../../parsers/text/stand-in.ts'
import { conf } from '../../../src/engine/conf.ts'
import type { NginxConfiguration } from '../../../src/servers/nginx/configuration.ts'
import { deploymentsOf } from '../../rules/audit-files.ts'

type Texts = Readonly<Record<string, string>>

const SITE = conf`
  server {
      listen 80;
      server_name example.org;
      root /srv;
  }
`
const START = 'CMD ["nginx", "-g", "daemon off;"]'
const image = (from: string, ...steps: readonly string[]): Texts => ({
  Dockerfile: [
    `FROM ${from}`,
    from.includes('alpine')
      ? 'RUN apk add --no-cache nginx'
      : 'RUN apt-get update && apt-get install -y nginx',
    ...steps,
    '',
  ].join('\n'),
  'site.conf': SITE,
})
const debian = (...steps: readonly string[]): Texts => image('debian:12', ...steps)
const TO_SITES = 'COPY site.conf /etc/nginx/sites-enabled/site.conf'

/** The server that reads the main file of a package; undefined where none does. */
function serverOf(texts: Texts): NginxConfiguration | undefined {
  return deploymentsOf(texts)
    .flatMap(({ nginx }) => nginx)
    .find(({ main }) => main !== null && isStandIn(main))
}

/** The files that it includes. */
function included(texts: Texts): readonly string[] | null {
  return (
    serverOf(texts)
      ?.sources.slice(1)
      .map(({ path }) => path.replace(/^\/-\/[^/]*\/etc\/nginx\//, 'image ').replace(/^\//, '')) ?? null
  )
}

const DEFAULT = 'image sites-available/default'

test('a site is read beside that of the package, unless a step removes it', () => {
  assert.equal(included(debian(TO_SITES, START)), [DEFAULT, 'site.conf'])
  assert.equal(included(debian('COPY site.conf /etc/nginx/conf.d/', START)), ['site.conf', DEFAULT])
  assert.equal(included(debian('COPY site.conf /etc/nginx/sites-available/default', START)), ['site.conf'])
  for (const removed of [
    'rm /etc/nginx/sites-enabled/default',
    'rm -f /etc/nginx/sites-enabled/*',
    'cd /etc/nginx/sites-enabled && rm default',
    'unlink /etc/nginx/sites-enabled/default || true',
  ])
    assert.equal(included(debian(`RUN ${removed}`, TO_SITES, START)), ['site.conf'], removed)
  const available = 'COPY site.conf /etc/nginx/sites-available/site.conf'
  assert.equal(
    included(debian(available, 'RUN ln -s ../sites-available/site.conf /etc/nginx/sites-enabled/', START)),
    [DEFAULT, 'site.conf'],
  )
  assert.equal(included(image('alpine:3.20', 'COPY site.conf /etc/nginx/http.d/', START)), [
    'image http.d/default.conf',
    'site.conf',
  ])
  assert.equal(
    included(image('python:3.12-alpine', 'COPY site.conf /etc/nginx/http.d/default.conf', START)),
    ['site.conf'],
  )
  const outside = [
    'COPY site.conf /opt/site.conf',
    'RUN ln -s /opt/site.conf /etc/nginx/sites-enabled/site.conf',
  ]
  assert.equal(included(debian(...outside, START)), [DEFAULT, 'site.conf'])
  assert.equal(included(debian(outside[0]!, 'RUN cp /opt/site.conf /etc/nginx/sites-enabled/', START)), [
    DEFAULT,
    'site.conf',
  ])
})

test('a text of the Dockerfile, or of the start script, stands where it is written', () => {
  const text = `server {\n    listen 80\n    server_name a.example;\n}\n`
  const written = [
    `RUN cat <<'EOF' > /etc/nginx/sites-enabled/a.conf\n${text}EOF`,
    `COPY <<'EOF' /etc/nginx/sites-enabled/a.conf\n${text}EOF`,
  ]
  for (const step of written)
    assert.equal(
      included(debian(TO_SITES, step, START))?.map(path => path.replace(/\u001F.*/, '')),
      ['Dockerfile', DEFAULT, 'site.conf'],
      step,
    )
  const started = {
    ...debian(TO_SITES, 'COPY start.sh /start.sh', 'ENTRYPOINT ["/start.sh"]', START),
    'start.sh': `#!/bin/sh\ncat <<'EOF' > /etc/nginx/sites-enabled/a.conf\n${text}EOF\nexec "$@"\n`,
  }
  assert.equal(
    included(started)?.map(path => path.replace(/\u001F.*/, '')),
    ['start.sh', DEFAULT, 'site.conf'],
  )
})

test('a name that the main file does not define is one that nginx refuses', () => {
  const problems = (from: string, site: string, home: string): readonly string[] =>
    (serverOf({ ...image(from, `COPY site.conf ${home}`, START), 'site.conf': site })?.problems ?? []).map(
      ({ code }) => code,
    )
  const logged = 'server {\n    listen 8080;\n    access_log /var/log/nginx/a.log main;\n}\n'
  assert.is(problems('debian:12', logged, '/etc/nginx/conf.d/').length, 1)
  assert.equal(problems('alpine:3.20', logged, '/etc/nginx/http.d/'), [])
})

test('nothing is said where nobody knows what nginx reads', () => {
  for (const step of [
    'RUN ./setup.sh',
    'RUN cp a.conf /etc/nginx/conf.d/',
    'RUN sed -i "s/a/b/" /etc/nginx/sites-enabled/site.conf',
    'RUN curl -s https://example.org/a.conf > /etc/nginx/conf.d/a.conf',
    'RUN if [ -n "$A" ]; then rm /etc/nginx/sites-enabled/default; fi',
    'RUN echo "deb https://nginx.org/packages/debian bookworm nginx" > /etc/apt/sources.list.d/nginx.list',
    'COPY --from=other /etc/nginx /etc/nginx',
    'ENTRYPOINT ["/start"]',
  ])
    assert.is(serverOf(debian(TO_SITES, step, START)), undefined, step)
  assert.is(serverOf(debian(TO_SITES, 'CMD ["nginx", "-c", "/srv/nginx.conf"]')), undefined)
  assert.is(serverOf(image('alpine:3.12', 'COPY site.conf /etc/nginx/http.d/', START)), undefined)
  assert.is(serverOf(image('alpine:3.20', 'COPY site.conf /etc/nginx/conf.d/', START)), undefined)
})

test('what supervisord starts beside it is on its machine', () => {
  const texts: Texts = {
    Dockerfile: conf`
      FROM python:3.12
      RUN apt-get update && apt-get install -y nginx supervisor && pip install uwsgi
      COPY site.conf /etc/nginx/sites-enabled/default
      COPY uwsgi.ini /app/uwsgi.ini
      COPY supervisord.conf /etc/supervisor/conf.d/app.conf
      CMD ["supervisord", "-n"]
    `,
    'site.conf': 'server {\n    listen 80;\n    location / {\n        uwsgi_pass 127.0.0.1:9100;\n    }\n}\n',
    'uwsgi.ini': '[uwsgi]\nsocket = 127.0.0.1:9000\nmodule = app:app\n',
    'supervisord.conf':
      '[program:nginx]\ncommand=nginx -g "daemon off;"\n[program:uwsgi]\ncommand=uwsgi --ini /app/uwsgi.ini\n',
  }
  const programs = deploymentsOf(texts).map(({ machines }) =>
    machines.flatMap(each => each.programs.map(({ kind }) => kind)).sort(),
  )
  assert.ok(programs.some(kinds => kinds.includes('nginx') && kinds.length > 1))
})

test.run()
