import { posix } from 'node:path'
import { type ComposeProject, type ComposeService, saysWhatRuns } from '../../parsers/compose/compose.ts'
import type { Fact } from '../../parsers/text/fact.ts'
import { isUnknownWord, placeText } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { composeProjects, projectsIn } from './_compose-projects.ts'
import { composeWith, siteTo } from './_examples.ts'
import { isForSwarm } from './_swarm.ts'

const tree = (parts: Parameters<typeof composeWith>[0]): Record<string, string> => ({
  'docker-compose.yml': composeWith(parts),
  'nginx/site.conf': siteTo('web:8000'),
})

export default defineRule({
  summary: 'Compose refuses the file, and starts none of its services',
  severity: 'error',
  otherSeverities: {
    warning: 'where Compose 1 refuses it, and 5 again, and those between pass it by',
    info: 'where a key stands twice in a file for `docker stack deploy`, which long took the last',
  },
  confidence: 'high',
  since: '0.1.0',
  why: "Compose knows which keys a service may have and what each of them takes, and refuses the whole file at the first that is none: `services.web additional properties 'port' not allowed`. `docker compose up` then starts nothing, and after a restart of the host the site is gone.",
  remedy: 'Write the key as Compose has it, and ask `docker compose config` before a restart',
  references: [
    'https://docs.docker.com/reference/compose-file/services/',
    'https://github.com/compose-spec/compose-spec/blob/main/schema/compose-spec.json',
  ],
  unproven: 'The live tests start no containers, and Compose refuses the file before any',
  bad: [
    { title: 'a key without its last letter', files: tree({ web: '«port»: ["8000:8000"]' }) },
    {
      title: 'a key with a slip',
      files: tree({
        web: conf`
          «enviroment»:
            DEBUG: "0"
        `,
      }),
    },
    {
      title: 'one name for several containers',
      files: tree({
        web: conf`
          container_name: «shop»
          deploy:
            replicas: 3
        `,
      }),
    },
    {
      title: 'one name for two services',
      files: tree({ web: 'container_name: shop', nginx: 'container_name: «shop»' }),
    },
    { title: 'a hyphen', files: tree({ web: '«container-name»: shop' }) },
    {
      title: 'a health check that hangs on the service',
      files: tree({ web: '«test»: curl -f http://localhost:8000/' }),
    },
    {
      title: 'a Dockerfile beside the build',
      files: tree({ web: '«dockerfile»: Dockerfile.prod' }),
    },
    {
      title: 'a key of the health check with a slip',
      files: tree({
        web: conf`
          healthcheck:
            test: ["CMD", "true"]
            «intervall»: 10s
        `,
      }),
    },
    { title: 'a text for a list', files: tree({ web: 'ports: «"8000:8000"»' }) },
    {
      title: 'services that wait for each other',
      files: tree({
        web: 'depends_on: [«nginx»]',
        nginx: conf`
          depends_on:
            web:
              condition: service_started
        `,
      }),
    },
    { title: 'a protocol that is none of a port', files: tree({ web: 'ports: [«"8000:8000/http"»]' }) },
    {
      title: 'times without a unit',
      files: tree({
        web: conf`
          stop_grace_period: «30»
          healthcheck:
            test: ["CMD", "true"]
            interval: «10»
            timeout: 5s
        `,
      }),
    },
    {
      title: 'a service that runs nothing',
      files: {
        'docker-compose.yml': composeWith({
          more: conf`
              «cache»:
                restart: always
            volumes:
              unused:
          `,
        }),
        'nginx/site.conf': siteTo('web:8000'),
      },
    },
    { title: 'a restart policy with a slip', files: tree({ web: 'restart: «unless-stoped»' }) },
    { title: 'a limit in bytes', files: tree({ web: 'mem_limit: «512»' }) },
    { title: 'a value of asterisks', files: tree({ web: 'environment: { MAIL_PASSWORD: «******» }' }) },
    { title: 'an alias without its anchor', files: tree({ web: 'environment: «*common»' }) },
    { title: 'a text with a variable for a list', files: tree({ web: 'ports: «${PORT}:8000»' }) },
    {
      title: 'two merge keys, of which each is a key',
      files: tree({
        web: conf`
          environment:
            <<: &common { DEBUG: "0" }
            «<<»: &mail { MAIL_HOST: mail }
        `,
      }),
    },
    {
      title: 'two keys in one line, so that no service can be read',
      files: {
        'nginx/site.conf': siteTo('127.0.0.1:8000'),
        'docker-compose.yml': conf`
          volumes: «static:»
            media:
          services:
            web:
              image: example/shop
        `,
      },
    },
    {
      title: 'services that all have the network of the host',
      files: {
        'nginx/site.conf': siteTo('127.0.0.1:8000'),
        'docker-compose.yml': conf`
          services:
            web:
              image: example/shop
              network_mode: host
              «enviroment»:
                DEBUG: "0"
        `,
      },
    },
    {
      title: 'variables with a hyphen and a colon',
      files: tree({
        web: conf`
          environment:
            - «DEBUG: "0"»
        `,
      }),
    },
    {
      title: 'a colon in a message',
      files: tree({
        web: conf`
          environment:
            SHOP_NAME: «\${SHOP_NAME:?Error: SHOP_NAME is not set}»
        `,
      }),
    },
    {
      title: 'a variable of the shell in braces',
      files: tree({
        web: conf`
          entrypoint: sh -c "while :; do sleep 6h & wait «\${!}»; done"
        `,
      }),
    },
    {
      title: 'a part of a variable, which a shell would take',
      files: tree({ web: 'entrypoint: ["sh", "-c", "echo «${HOSTNAME%%.*}»"]' }),
    },
    {
      title: 'a health check without its kind',
      files: tree({
        web: conf`
          healthcheck:
            test: [«"curl"», "-f", "http://localhost:8000/"]
        `,
      }),
    },
    {
      title: 'two colons in the name of an image',
      files: {
        ...tree({}),
        'docker-compose.yml': composeWith().replace('image: nginx:1.27', 'image: «nginx::1.27»'),
      },
    },
    {
      title: 'a capital letter in the name of an image',
      files: {
        ...tree({}),
        'docker-compose.yml': composeWith().replace('build: ./web', 'image: «example/Shop:1.4»'),
      },
    },
    {
      title: 'a volume without its path in the container',
      files: tree({ web: 'volumes: [«./static»]' }),
    },
    { title: 'a name for the address', files: tree({ web: 'ports: [«localhost:8000:8000»]' }) },
    { title: 'a zero before a number', files: tree({ web: 'ports: [«127.0.0.01:8000:8000»]' }) },
    {
      title: 'a quote that is not closed',
      files: tree({
        web: conf`
          environment:
            SHOP_NAME: «'shop»
            SHOP_OWNER: 'somebody'
        `,
      }),
    },
    {
      title: 'the network of the host, and another',
      files: tree({
        web: conf`
          «network_mode»: host
          networks: [inner]
        `,
        more: conf`
          networks:
            inner:
        `,
      }),
    },
    {
      title: 'one volume at the root',
      files: tree({
        more: conf`
          «volume»:
            static:
        `,
      }),
    },
    {
      title: 'a key for the second time',
      files: tree({
        web: conf`
          volumes: ["data:/srv"]
          user: "1000"
          «volumes»: ["static:/static"]
        `,
        more: conf`
          volumes:
            data:
            static:
        `,
      }),
    },
    {
      title: 'a key that is indented one more',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              image: example/shop
              ports:
                - "8000:8000"
               «volumes:»
                - ./static:/static
            nginx:
              image: nginx:1.27
              volumes:
                - ./nginx/site.conf:/etc/nginx/conf.d/site.conf
        `,
        'nginx/site.conf': siteTo('web:8000'),
      },
    },
    {
      title: 'a key below a value',
      files: tree({ web: ['restart: «always»', '  ports: ["8000:8000"]'].join('\n') }),
    },
    {
      title: 'one name for two services, with a variable that both have',
      files: tree({
        web: 'container_name: ${COMPOSE_PROJECT_NAME}-5',
        nginx: 'container_name: «${COMPOSE_PROJECT_NAME}-5»',
      }),
    },
    {
      title: 'an address where the port of the host belongs',
      files: tree({ web: 'ports: [«127.0.0.1:8000»]' }),
    },
    {
      title: 'an address of a variable’s default, where the port of the host belongs',
      files: tree({ web: 'ports: [«"${SHOP_BIND:-127.0.0.1}:8000"»]' }),
    },
    {
      title: 'a range for one port of the host',
      files: tree({ web: 'ports: [«"8000:8000-8003"»]' }),
    },
    {
      title: 'a port of the host where nothing is published',
      files: tree({ web: 'expose: [«"8000:8000"»]' }),
    },
    {
      title: 'a key of which every value is a comment',
      files: tree({
        nginx: conf`
          «environment»:
            # - NGINX_PORT=80
        `,
      }),
    },
    {
      title: 'no volumes below the key at the root',
      files: {
        'docker-compose.yml': composeWith({ more: '«volumes»:' }),
        'nginx/site.conf': siteTo('web:8000'),
      },
    },
    {
      title: 'a key for the second time in a template, under a condition',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              image: example/shop:{{ shop_version }}
              ports:
                - "80:8000"
          {% if shop_tls %}
              «ports»:
                - "443:8443"
          {% endif %}
        `,
      },
    },
    {
      title: 'a service for the second time in a template',
      files: {
        'docker-compose.yml': conf`
          services:
            worker:
              image: example/{{ shop }}
              command: [celery, worker]
          {% if shop_beat %}
              user: "1000"
          {% endif %}
            «worker»:
              image: example/{{ shop }}
              command: [celery, beat]
        `,
      },
    },
    {
      title: 'a tab, behind which nothing is read',
      files: {
        'docker-compose.yml': [
          'services:',
          '  shop:',
          '\t  «image: example/shop:1»',
          '\t  networks:',
          '\t    - inner',
          'networks:',
          '  inner:',
          '',
        ].join('\n'),
      },
    },
  ],
  good: [
    {
      title: 'keys without a value that Compose takes, or fills in from the file below',
      files: {
        'docker-compose.yml': composeWith({
          web: conf`
            entrypoint:
            ports: []
          `,
          more: conf`
            volumes:
              static:
          `,
        }),
        'docker-compose.override.yml': conf`
          services:
            nginx:
              image: nginx:1.28
              ports:
            web:
              environment:
        `,
        'nginx/site.conf': siteTo('web:8000'),
      },
    },
    {
      title: 'addresses before two ports, of variables too, and ranges',
      files: tree({
        web: conf`
          ports:
            - "\${SHOP_BIND:-127.0.0.1}:8000:8000"
            - "\${SHOP_BIND:-127.0.0.1:}8001:8001"
            - "8010-8020:8010"
            - "8030-8031:8040-8041"
          expose: ["8000", "8001-8003", "8004/udp"]
        `,
      }),
    },
    {
      title: 'a key under each of two conditions of a template',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              image: example/shop:{{ shop_version }}
          {% if shop_tls %}
              ports: ["443:8443"]
          {% else %}
              ports: ["80:8000"]
          {% endif %}
          {% for name in queues %}
            {{ name }}:
              image: example/shop:{{ shop_version }}
            {{ name }}-beat:
              image: example/shop:{{ shop_version }}
          {% endfor %}
        `,
      },
    },
    {
      title: 'names with variables that differ, and a placeholder',
      files: tree({
        web: 'container_name: ${SHOP}-1',
        nginx: 'container_name: ${SHOP}-2',
      }),
    },
    {
      title: 'a template of Python’s, whose names stand in braces',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              image: shop:1.4
              environment:
                - URL={SHOP_URL}
              ports:
                - {SHOP_PORT}:{SHOP_PORT}
        `,
      },
    },
    {
      title: 'a number of attempts that is none, which Compose takes for no limit',
      files: tree({ web: 'restart: "on-failure:[3]"' }),
    },
    {
      title: 'a template, whose lines a program indents',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              image: shop:1.4
              labels:
          {{- if .Values.LABELS }}
          {{ .Values.LABELS | indent 6 }}
          {{- end }}
                traefik.port: 80
              {{- if .Values.PORT }}
              ports:
                - 80:80
              {{- end }}
              environment:
                DEBUG: 'no'
        `,
      },
    },
    {
      title: 'times with a unit, and those that a variable or a template says',
      files: tree({
        web: conf`
          stop_grace_period: 30s
          healthcheck:
            test: ["CMD", "true"]
            interval: 1m30s
            timeout: \${TIMEOUT}
            retries: 3
        `,
      }),
    },
    {
      title: 'a service whose image another file says',
      files: {
        'docker-compose.yml': composeWith({
          more: conf`
              cache:
                restart: always
            volumes:
              unused:
          `,
        }),
        'docker-compose.prod.yml': conf`
          services:
            cache:
              image: redis:7
        `,
        'nginx/site.conf': siteTo('web:8000'),
      },
    },
    {
      title: 'names of their own, and several containers without one',
      files: tree({
        web: conf`
          deploy:
            replicas: 3
        `,
        nginx: 'container_name: shop',
      }),
    },
    {
      title: 'one container, and two services of which one is started',
      files: tree({
        web: conf`
          container_name: shop
          scale: 1
          profiles: [prod]
        `,
        nginx: conf`
          container_name: shop
          profiles: [dev]
        `,
      }),
    },
    {
      title: 'a file for a swarm, which names its containers itself',
      files: tree({
        web: conf`
          container_name: shop
          deploy:
            replicas: 3
            placement:
              constraints: [node.role == worker]
        `,
      }),
    },
    {
      title: 'one key in each branch of a template',
      files: tree({
        web: conf`
          {% if public %}
          ports: ["8000:8000"]
          {% else %}
          ports: ["127.0.0.1:8000:8000"]
          {% endif %}
        `,
      }),
    },
    {
      title: 'the same key in what is merged',
      files: tree({
        web: conf`
          <<: &common { restart: always, user: "1000" }
          restart: unless-stopped
        `,
      }),
    },
    {
      title: 'a file of Uffizzi, which has keys of its own',
      files: {
        'docker-compose.uffizzi.yml': conf`
          x-uffizzi:
            ingress:
              service: web
              port: 8000
          services:
            web:
              image: registry.example.org/shop:1.4
              resources:
                limits:
                  memory: 500m
        `,
        'nginx/site.conf': siteTo('web:8000'),
      },
    },
    {
      title: 'keys of Compose, and one’s own',
      files: tree({
        web: conf`
          x-owner: shop
          container_name: shop
          env_file: .env
          environment:
            - DEBUG=0
            - SECRET_KEY
          labels:
            shop.port: 8000
            shop.empty:
          healthcheck:
            test: ["CMD", "true"]
            interval: 10s
            start_interval: 1s
          deploy:
            replicas: 1
        `,
        more: conf`
          x-common:
            port: 3
        `,
      }),
    },
    { title: 'a key that a newer Compose may know', files: tree({ web: 'oom_policy: stop' }) },
    {
      title: 'the first format of all',
      files: {
        'docker-compose.yml': conf`
          web:
            image: nginx:1.27
            net: host
            log_driver: syslog
        `,
      },
    },
    {
      title: 'variables of Compose, of the shell and of what fills in the file before',
      files: tree({
        web: conf`
          entrypoint: sh -c "echo \${NAME:-a} \${TAG} $\${!} $! $(date) \${build.version}"
          healthcheck:
            test: [CMD-SHELL, curl -f http://localhost:8000/]
          network_mode: bridge
        `,
      }),
    },
    {
      title: 'images and paths as Docker takes them',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              image: registry.example.org:5000/shop/web:1.4-RC1
              volumes:
                - /srv/shop
                - ./static:/static:ro
                - C:\shop:/shop
              ports: [8000, "0.0.0.0:8001-8009:8001-8009/tcp", "[::1]:8010:8000", "127.0.0.1::8011", "192.168.1.X:53:53", {target: 80}]
            nginx:
              image: nginx@sha256:0d17b565c37bcbd895e9d92315a05c1c3c9a29f762b011a10c54a66cd53c9b31
              volumes:
                - ./nginx/site.conf:/etc/nginx/conf.d/site.conf
            admin:
              image: YOUR_NAME/shop
        `,
        'nginx/site.conf': siteTo('web:8000'),
      },
    },
    {
      title: 'branches of a script that run a container of one name',
      files: {
        'deploy.sh': conf`
          if [ "$1" = next ]; then
            docker run -d --name web registry.example.org/shop:next
          else
            docker run -d --name web registry.example.org/shop:1.4
          fi
        `,
      },
    },
    { title: 'a value of a template', files: tree({ web: 'ports: "{{ shop_ports }}"' }) },
    { title: 'a variable that another program may make a list of', files: tree({ web: 'ports: ${PORTS}' }) },
  ],
  *check(deployment) {
    for (const project of projectsIn(deployment)) {
      if (project.startedBy !== 'compose') continue
      for (const { at, said, meant, home, isOfSomeVersions } of project.faults) {
        if (OF_OTHERS.test(at.source.text)) continue
        const isTwice = said.includes('mapping key ')
        yield {
          at,
          // Whoever merges two maps this way does so in every service.
          ...(said.includes('mapping key "<<"') && { cause: at.source, aspect: 'merge' }),
          // The reader of `docker stack deploy` long took the last of two keys.
          ...(isTwice && isForSwarm(at.source) && { severity: 'info' as const }),
          ...(isOfSomeVersions && { severity: 'warning' as const, cause: at.source, aspect: 'expose' }),
          message: `Compose ${isOfSomeVersions ? '1 and 5 start' : 'starts'} nothing: ${said}`,
          label: home === null ? 'refused' : `belongs to ${home}`,
          ...(meant !== null && { help: `Write \`${meant}\`` }),
          ...(home !== null && { help: `Move it to ${home}` }),
        }
      }
      yield* namesTaken(project)
      yield* cycleIn(project)
    }
    for (const container of composeProjects(deployment)) yield* nothingToRun(container)
  },
})

/** Uffizzi reads files of its own that have Compose's form, and words that Compose has not. */
const OF_OTHERS = /^x-uffizzi:/m

/** A service of which no file says what it runs: another file of the directory may be read with this one. */
function* nothingToRun({ project, projects }: Container): Iterable<RuleFinding> {
  const [main] = project.sources
  if (!project.complete || project.legacy || project.faults.length > 0 || main === undefined) return
  if (
    !/^(?:docker-)?compose\.ya?ml$/.test(posix.basename(main.path)) ||
    main.template ||
    /^\s+provider:/m.test(main.text)
  )
    return
  for (const service of project.services.values()) {
    const { name } = service
    if (!service.complete || saysWhatRuns(service) || service.keys.length > 1) continue
    const isElsewhere = projects.some(other => other !== project && other.services.has(name))
    if (isElsewhere) continue
    yield {
      at: service.at,
      message: `Compose starts nothing: service "${name}" has neither an image nor a build context specified`,
      label: 'no `image` and no `build`',
    }
  }
}

/** Services each of which is to start after the other: one circle of them. */
function* cycleIn({ services, complete }: ComposeProject): Iterable<RuleFinding> {
  if (!complete) return
  const done = new Set<string>()
  const circleFrom = (name: string, path: readonly string[]): readonly string[] | null => {
    const first = path.indexOf(name)
    if (first !== -1) return [...path.slice(first), name]
    if (done.has(name) || path.length > 200) return null
    for (const { service } of services.get(name)?.dependsOn ?? []) {
      const circle = service.known ? circleFrom(service.value, [...path, name]) : null
      if (circle !== null) return circle
    }
    done.add(name)
    return null
  }
  for (const begin of services.keys()) {
    const circle = circleFrom(begin, [])
    if (circle === null) continue
    const [name = '', next = ''] = circle
    const at = services
      .get(name)
      ?.dependsOn.find(({ service }) => service.known && service.value === next)?.at
    if (at !== undefined)
      yield {
        at,
        message: `Compose starts nothing: dependency cycle detected: ${circle.join(' -> ')}`,
        label: 'each waits for the other',
        help: 'Take one of the services out of the `depends_on` of another',
      }
    return
  }
}

/** A name of a container that another one has, or would have. */
function* namesTaken({ services, sources, complete }: ComposeProject): Iterable<RuleFinding> {
  if (!complete || sources.some(isForSwarm)) return
  const taken = new Map<string, ComposeService>()
  for (const service of services.values()) {
    const { containerName, replicas, profiles, complete: isWhole } = service
    const name = containerName === null ? null : nameOf(containerName)
    if (!isWhole || name === null || containerName?.at == null) continue
    if (replicas?.known === true && /^\d+$/.test(replicas.value) && Number(replicas.value) > 1)
      yield {
        at: containerName.at,
        message: `Compose starts nothing: can't set container_name beside ${replicas.value} replicas, as container name must be unique`,
        label: 'one name for several containers',
        related: replicas.at === null ? [] : [{ at: replicas.at, message: 'so many containers' }],
        help: 'Leave `container_name` out: the name of the service leads to all of them',
      }
    if (profiles.length > 0) continue
    const other = taken.get(name)
    if (other === undefined) taken.set(name, service)
    else
      yield {
        at: containerName.at,
        message: `Compose starts nothing: container name "${name}" is already in use by service ${other.name}`,
        label: 'taken',
        related: [{ at: other.at, message: 'has it' }],
      }
  }
}

/** A name, as it is written where variables of Compose decide: in both services they are the same. */
function nameOf(name: Fact<string>): string | null {
  if (name.known) return name.value
  if (name.at === null) return null
  const { source, start, end } = name.at
  const isOfEngine = isUnknownWord(source.code.slice(start, end)) || /\{[{%]|<%/.test(source.text)
  const written = placeText(name.at)
  return written.includes('$') && !isOfEngine ? written : null
}
