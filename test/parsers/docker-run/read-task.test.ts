import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ComposeService } from '../../../parsers/compose/compose.ts'
import {
  playbookOf,
  readContainerTask,
  readImageTask,
  tasksIn,
} from '../../../parsers/docker-run/read-task.ts'
import { serviceOf } from '../../../parsers/docker-run/started-container.ts'
import type { Fact } from '../../../parsers/text/fact.ts'
import { textSource } from '../../../parsers/text/source.ts'
import { readYaml } from '../../../parsers/yaml/read-yaml.ts'
import { conf } from '../../../src/engine/conf.ts'

const PATH = '/site/roles/shop/tasks/main.yml'

function tasks(text: string) {
  return readYaml(textSource(PATH, text)).documents.flatMap(document => [...tasksIn(document)])
}

function services(text: string): readonly ComposeService[] {
  return tasks(text).flatMap(task => {
    const read = readContainerTask(task, '/site')
    return read === null ? [] : [serviceOf(read, null, null)]
  })
}

/** The value, `?` where it is unknown. */
function value<T>(fact: Fact<T> | null): T | '?' | null {
  return fact === null ? null : fact.known ? fact.value : '?'
}

test('the options of a task are those of a service', () => {
  const [web] = services(conf`
    - name: The site
      community.docker.docker_container:
        name: web
        image: nginx:1.27
        restart_policy: always
        published_ports: ["80:80"]
        env:
          A: b
        etc_hosts:
          db: 10.0.0.5
        networks:
          - name: shop
            aliases: [www]
        volumes:
          - "{{ playbook_dir }}/nginx.conf:/etc/nginx/nginx.conf:ro"
          - "{{ role_path }}/files/a:/a"
          - "{{ other }}:/b"
        mounts:
          - {type: bind, source: /srv/x, target: /x, read_only: true}
        command: nginx -g 'daemon off;'
  `)
  assert.is(web?.name, 'web')
  assert.is(value(web!.restart), 'always')
  assert.equal(
    web!.ports.map(({ target }) => value(target)),
    [{ first: 80, last: 80 }],
  )
  assert.equal(
    web!.environment.map(each => [each.name, value(each.value)]),
    [['A', 'b']],
  )
  assert.equal(
    web!.extraHosts.map(each => [value(each.name), value(each.address)]),
    [['db', '10.0.0.5']],
  )
  assert.equal(
    web!.networks!.map(each => [value(each.network), ...each.aliases.map(value)]),
    [['shop', 'www']],
  )
  assert.equal(
    web!.volumes.map(({ source }) => value(source)),
    ['/site/nginx.conf', '/site/roles/shop/files/a', '?', '/srv/x'],
  )
  assert.equal(
    web!.command!.words.map(({ text }) => text),
    ['nginx', '-g', 'daemon off;'],
  )
  assert.ok(web!.complete)
})

test('what no container comes of', () => {
  assert.equal(
    services(conf`
      - docker_container: {name: web, state: absent}
      - docker_container: {name: web, image: nginx, state: stopped}
      - docker_container: {name: web, restart: true}
      - docker_network: {name: shop}
    `),
    [],
  )
})

test('a list that a variable stands for leaves the service open', () => {
  const [one, two, three] = services(conf`
    - block:
        - docker_container: {name: web, image: nginx, ports: "{{ ports }}"}
        - docker_container: {name: "{{ item }}", image: nginx}
        - podman_container: {name: app, image: shop, pod: shop}
  `)
  assert.not(one!.complete)
  assert.not(two!.complete)
  assert.is(value(three!.networkMode), '?')
})

test('networks that are a variable are unknown, those of the host are none', () => {
  const [one, two, three] = services(conf`
    - docker_container: {name: a, image: nginx, networks: "{{ networks }}"}
    - docker_container: {name: b, image: nginx, network_mode: host}
    - docker_container: {name: c, image: nginx}
  `)
  assert.equal(
    one!.networks!.map(({ network }) => value(network)),
    ['?'],
  )
  assert.is(value(two!.networkMode), 'host')
  assert.equal(three!.networks, [])
})

test('an image that a task builds', () => {
  const [task] = tasks(conf`
    - docker_image:
        name: shop
        tag: "1"
        source: build
        build: {path: "{{ playbook_dir }}/shop", dockerfile: Dockerfile.prod}
  `)
  const read = readImageTask(task!, '/site')
  assert.equal(read!.tags, ['shop:1'])
  const context = read!.build.entries.get('context')!.value
  assert.is(context.kind === 'scalar' && context.text.text, '/site/shop')
})

test('the directory of a playbook', () => {
  assert.is(playbookOf('/site/roles/shop/tasks/main.yml'), '/site')
  assert.is(playbookOf('/roles/shop/tasks/main.yml'), '/')
  assert.is(playbookOf('/site/tasks/web.yml'), '/site')
  assert.is(playbookOf('/site/web.yml'), '/site')
})

test.run()
