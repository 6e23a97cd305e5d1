import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { conf } from '../../../src/engine/conf.ts'
import { isStandIn } from '../../../parsers/text/stand-in.ts'
import { deploymentsOf } from '../../rules/audit-files.ts'

type Texts = Readonly<Record<string, string>>

const SITE = conf`
  server {
      listen 80;
      server_name example.org;
      root /srv;
  }
`
const compose = (lines: string): string => conf`
  services:
    web:
      image: nginx:1.27
      ${lines}
`
const mounted = (...volumes: readonly string[]): string =>
  compose(`volumes: [${volumes.map(each => `"${each}"`).join(', ')}]`)
const AS_DEFAULT = './site.conf:/etc/nginx/conf.d/default.conf'
const AS_SITE = './site.conf:/etc/nginx/conf.d/site.conf'

/** The files that nginx reads behind the main file of its image, by their names; null where that is not known. */
function readBehindStock(texts: Texts): readonly string[] | null {
  for (const { nginx } of deploymentsOf({ 'site.conf': SITE, ...texts }))
    for (const { main, sources } of nginx)
      if (main !== null && isStandIn(main))
        return sources.slice(1).map(({ path }) => path.replace('/-/image of nginx/etc/nginx/', 'image '))
  return null
}

function problems(texts: Texts): readonly string[] {
  return deploymentsOf(texts).flatMap(({ nginx }) =>
    nginx.flatMap(each => each.problems.map(({ code }) => code)),
  )
}

test('the site of the image is read unless something takes its place', () => {
  const withImage = ['image conf.d/default.conf', '/site.conf']
  assert.equal(readBehindStock({ 'compose.yaml': mounted(AS_SITE) }), withImage)
  assert.equal(readBehindStock({ 'compose.yaml': mounted(AS_DEFAULT) }), ['/site.conf'])
  assert.equal(
    readBehindStock({ 'compose.yaml': mounted('./conf:/etc/nginx/conf.d'), 'conf/a.conf': SITE }),
    ['/conf/a.conf'],
  )
  const built = (...steps: readonly string[]): Texts => ({
    Dockerfile: ['FROM nginx:1.27', ...steps, ''].join('\n'),
  })
  assert.equal(readBehindStock(built('COPY site.conf /etc/nginx/conf.d/')), withImage)
  assert.equal(readBehindStock(built('COPY site.conf /etc/nginx/conf.d')), withImage)
  for (const step of [
    'rm /etc/nginx/conf.d/default.conf',
    'rm -rf /etc/nginx/conf.d/*',
    'rm -f /etc/nginx/conf.d/default.conf && mkdir /srv',
  ])
    assert.equal(readBehindStock(built(`RUN ${step}`, 'COPY site.conf /etc/nginx/conf.d/site.conf')), [
      '/site.conf',
    ])
  assert.equal(
    readBehindStock({
      'compose.yaml': mounted(AS_SITE).replace('nginx:1.27', 'nginxinc/nginx-unprivileged:1.27'),
    }),
    ['image conf.d/default.conf', '/site.conf'],
  )
})

test('a script that ends in the command changes nothing, unless it writes', () => {
  const started = (script: string, entry = 'ENTRYPOINT ["/entry.sh"]'): Texts => ({
    Dockerfile: `FROM nginx:1.27\nCOPY site.conf /etc/nginx/conf.d/\nCOPY entry.sh /\nRUN chmod +x /entry.sh\n${entry}\nCMD ["nginx", "-g", "daemon off;"]\n`,
    'entry.sh': `#!/bin/sh\n${script}\n`,
  })
  const withImage = ['image conf.d/default.conf', '/site.conf']
  assert.equal(readBehindStock(started('echo start\nexec "$@"')), withImage)
  assert.equal(readBehindStock(started("exec nginx -g 'daemon off;'")), withImage)
  assert.is(readBehindStock(started('sed -i s/80/81/ /etc/nginx/conf.d/site.conf\nexec "$@"')), null)
  assert.is(readBehindStock(started('exec nginx -c /srv/nginx.conf')), null)
  assert.is(readBehindStock(started('. /common\nexec "$@"')), null)
  assert.is(readBehindStock(started('if true; then exec "$@"; fi')), null)
})

test('what a compose file holds as a text stands at its place', () => {
  const text = conf`
    services:
      web:
        image: nginx:1.27
        configs:
          - source: site
            target: /etc/nginx/conf.d/default.conf
    configs:
      site:
        content: |
          ${SITE}
  `
  assert.is(readBehindStock({ 'compose.yaml': text })?.length, 1)
})

test('where more may be there, or something else is started, nothing is said of the whole', () => {
  for (const lines of [
    `volumes: ["${AS_SITE}", "sites:/etc/nginx/conf.d"]`,
    `volumes: ["${AS_SITE}", "./made.conf:/etc/nginx/nginx.conf"]`,
    `volumes: ["${AS_SITE}", "./more:/etc/nginx"]`,
    `volumes: ["${AS_SITE}", "./made.conf:/etc/nginx/conf.d/made.conf"]`,
    `volumes: ["${AS_SITE}", "./made:/etc/nginx/templates"]`,
    `volumes: ["${AS_SITE}", "./own.sh:/docker-entrypoint.d/30-own.sh"]`,
    `volumes: ["${AS_SITE}"]\n    command: nginx -c /srv/nginx.conf`,
    `volumes: ["${AS_SITE}"]\n    command: sh -c "envsubst < /a > /etc/nginx/conf.d/b.conf && nginx"`,
    `volumes: ["${AS_SITE}"]\n    entrypoint: /start.sh`,
  ])
    assert.is(readBehindStock({ 'compose.yaml': compose(lines) }), null, lines)
  for (const steps of [
    'RUN sed -i /80/d /etc/nginx/conf.d/default.conf\nCOPY site.conf /etc/nginx/conf.d/',
    'COPY setup.sh /\nRUN /setup.sh\nCOPY site.conf /etc/nginx/conf.d/',
    'COPY --from=builder /made /etc/nginx/conf.d\nCOPY site.conf /etc/nginx/conf.d/',
    'COPY missing.conf site.conf /etc/nginx/conf.d/',
    'COPY site.conf /etc/nginx/conf.d/\nCMD ["/start.sh"]',
  ])
    assert.is(
      readBehindStock({ Dockerfile: `FROM nginx:1.27\n${steps}\n`, 'setup.sh': 'true\n' }),
      null,
      steps,
    )
  assert.is(
    readBehindStock({ 'compose.yaml': mounted(AS_SITE).replace('nginx:1.27', 'example/nginx') }),
    null,
  )
  // A program beside it that has the same directory may write there.
  const beside = conf`
    ${mounted('./conf:/etc/nginx/conf.d')}
      generator:
        image: example/generator
        volumes: ["./conf:/out"]
  `
  assert.is(readBehindStock({ 'compose.yaml': beside, 'conf/a.conf': SITE }), null)
})

test('a shell that reloads nginx now and then changes nothing of its files', () => {
  const lines = `volumes: ["${AS_DEFAULT}"]\n    command: "/bin/sh -c 'while :; do sleep 6h & wait $$!; nginx -s reload; done & nginx -g \\"daemon off;\\"'"`
  assert.equal(readBehindStock({ 'compose.yaml': compose(lines) }), ['/site.conf'])
})

test('what nginx refuses in the whole is refused in the fragments', () => {
  const refused = (site: string): readonly string[] =>
    problems({
      'compose.yaml': mounted(AS_DEFAULT),
      'site.conf': `server {\n    listen 80;\n    ${site}\n}\n`,
    })
  assert.equal(refused(''), [])
  assert.equal(refused('add_header X-State $connection_upgrade;'), ['unknown-variable'])
  assert.equal(refused('access_log /var/log/nginx/site.log main;'), [])
  assert.equal(refused('access_log /var/log/nginx/site.log json;').length, 1)
  assert.equal(refused('limit_req zone=one;').length, 1)
})

test('two containers that read a fragment beside other files leave it a fragment', () => {
  const text = conf`
    services:
      web:
        image: nginx:1.27
        volumes: ["./site.conf:/etc/nginx/conf.d/default.conf"]
      other:
        image: nginx:1.27
        volumes:
          - "./site.conf:/etc/nginx/conf.d/default.conf"
          - "./more.conf:/etc/nginx/conf.d/more.conf"
  `
  const more = 'map $http_upgrade $connection_upgrade {\n    default upgrade;\n}\n'
  assert.is(readBehindStock({ 'compose.yaml': text, 'more.conf': more }), null)
})

test.run()
