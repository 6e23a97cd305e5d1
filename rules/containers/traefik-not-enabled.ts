import { defineRule } from '../../src/engine/rule.ts'
import { besideTraefik, traefikOf } from './_traefik.ts'
import { httpLabels } from './_traefik-labels.ts'

const RULE = 'traefik.http.routers.web.rule=Host(`example.org`)'
const OFF = { options: ['--providers.docker.exposedbydefault=false'] }

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
  bad: [{ title: 'a router alone', files: besideTraefik([`«${RULE}»`], OFF) }],
  good: [
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
      const isTold = container.service.labels.some(({ name }) => /^traefik\.enable$/i.test(name))
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
