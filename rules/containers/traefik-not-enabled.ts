import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { besideTraefik, traefikOf } from './_traefik.ts'
import { httpLabels } from './_traefik-labels.ts'

const RULE = 'traefik.http.routers.web.rule=Host(`example.org`)'
const OFF = { options: ['--providers.docker.exposedbydefault=false'] }

/** Traefik and a site in projects of their own. */
const twoProjects = (
  label: string,
  {
    site = 'edge: { external: true }',
    edge = 'edge: { name: edge }',
    exposed = 'false',
  }: { site?: string; edge?: string; exposed?: string } = {},
): Record<string, string> => ({
  'traefik/docker-compose.yml': conf`
    services:
      traefik:
        image: traefik:v3.2
        ports: ["80:80"]
        volumes:
          - /var/run/docker.sock:/var/run/docker.sock:ro
          - ./traefik.yml:/etc/traefik/traefik.yml:ro
        networks: [edge]
    networks:
      ${edge}
  `,
  'traefik/traefik.yml': conf`
    entryPoints:
      web:
        address: ":80"
    providers:
      docker:
        exposedByDefault: ${exposed}
  `,
  'shop/docker-compose.yml': conf`
    services:
      web:
        image: nginx:1.27
        networks: [edge]
        labels:
          - ${label}
    networks:
      ${site}
  `,
})

export default defineRule({
  summary: 'A container has routes for Traefik, and does not say that it wants to be reached',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'With `--providers.docker.exposedbydefault=false` Traefik passes over every container without the label `traefik.enable=true`, whatever other labels it has, and says nothing of it. Clients get 404 page not found.',
  remedy: 'Add the label `traefik.enable=true`',
  references: [
    'https://doc.traefik.io/traefik/reference/install-configuration/providers/docker/',
    'https://doc.traefik.io/traefik/reference/routing-configuration/other-providers/docker/',
  ],
  unproven: 'The live tests have neither Docker nor Traefik',
  bad: [
    { title: 'a router alone', files: besideTraefik([`«${RULE}»`], OFF) },
    { title: 'Traefik of another project', files: twoProjects(`«${RULE}»`) },
    {
      title: 'on the network that Compose makes for Traefik',
      files: twoProjects(`«${RULE}»`, {
        edge: 'edge:',
        site: 'edge: { external: true, name: traefik_edge }',
      }),
    },
  ],
  good: [
    {
      title: 'Traefik of another project, which exposes every container',
      files: twoProjects(RULE, { exposed: 'true' }),
    },
    {
      title: 'Traefik of another project, with which no network is shared',
      files: twoProjects(RULE, { site: 'edge:' }),
    },
    {
      title: 'a file laid over this one enables it',
      files: {
        ...twoProjects(RULE),
        'shop/docker-compose.prod.yml': conf`
          services:
            web:
              labels:
                - traefik.enable=true
        `,
      },
    },
    { title: 'enabled', files: besideTraefik(['traefik.enable=true', RULE], OFF) },
    { title: 'switched off', files: besideTraefik(['traefik.enable=false', RULE], OFF) },
    { title: 'where every container is exposed', files: besideTraefik([RULE]) },
    {
      title: 'a middleware for others',
      files: besideTraefik(['traefik.http.middlewares.a.compress=true'], OFF),
    },
  ],
  *check(deployment) {
    for (const { container } of deployment.machines) {
      if (container === null || !container.service.complete) continue
      const routes = httpLabels(container.service).find(({ path }) => path[1]?.toLowerCase() === 'routers')
      if (routes === undefined) continue
      // A file that is laid over this one may say it.
      const isTold = container.projects.some(({ services }) =>
        services.get(container.service.name)?.labels.some(({ name }) => /^traefik\.enable$/i.test(name)),
      )
      if (isTold || traefikOf(deployment, container)?.exposesAll !== false) continue
      yield {
        at: routes.label.at,
        message:
          'Traefik passes over this container, as no label says `traefik.enable=true`: 404 page not found',
        label: 'not read without it',
      }
    }
  },
})
