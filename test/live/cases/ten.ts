import { readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import type { DeploymentCase, LiveAnswer } from '../live-case.ts'

const SITE = 'http://example.org'
const FORGED = { 'X-Forwarded-Protocol': 'https' }

/** True where both servers' own checks call the configuration good. */
const areAccepted = ({ refused }: LiveAnswer) => refused.nginx === null && refused.apache === null

/** Milliseconds that one request takes. */
async function duration(answer: LiveAnswer, url: string): Promise<number> {
  const started = performance.now()
  await answer.request({ url })
  return performance.now() - started
}

/** Ten requests at once, so that nginx keeps ten connections; then one of the other site. */
async function waitBehindKept(answer: LiveAnswer): Promise<number> {
  const url = 'http://blog.example.org/?sleep=0.3'
  await Promise.all(Array.from({ length: 10 }, () => answer.request({ url })))
  return duration(answer, 'http://shop.example.org/')
}

/**
 * The time zones that httpd's access log has before and after the first page of the application. httpd
 * formats the time of a line once a second, so the line after the page is written in another second.
 */
async function loggedZones({ request }: LiveAnswer): Promise<readonly string[]> {
  await request({ url: 'http://club.example.org/' })
  await setTimeout(1100)
  await request({ url: 'http://club.example.org/robots.txt' })
  await setTimeout(100)
  const log = readFileSync('/var/log/apache2/access.log', 'utf8')
  return [...new Set([...log.matchAll(/ ([+-]\d{4})\]/g)].map(match => match[1] ?? ''))]
}

export const cases: readonly DeploymentCase[] = [
  {
    deployment: '1-public-upstream',
    shows: 'every page is a 502 where the name of the site leads to its public address',
    hosts: { 'example.org': '127.0.0.2' },
    request: { url: `${SITE}/` },
    harm: answer => answer.response.status === 502 && areAccepted(answer),
    sound: ({ response }) => response.status === 200,
  },
  {
    deployment: '2-forged-scheme',
    shows: 'a header of the client turns plain HTTP secure',
    request: { url: `${SITE}/`, headers: FORGED },
    harm: answer => answer.response.report?.scheme === 'https' && areAccepted(answer),
    sound: async ({ response, request }) =>
      response.report?.scheme === 'http' &&
      (await request({ url: 'https://example.org/' })).report?.scheme === 'https',
  },
  {
    deployment: '3-header-twice',
    shows: 'the application takes TLS for plain HTTP',
    request: { url: 'https://example.org/' },
    harm: answer =>
      answer.response.report?.scheme === 'http' &&
      answer.response.report.HTTP_X_FORWARDED_PROTOCOL === 'https, https' &&
      areAccepted(answer),
    sound: async ({ response, request }) =>
      response.report?.scheme === 'https' &&
      (await request({ url: `${SITE}/`, headers: FORGED })).report?.scheme === 'http',
  },
  {
    deployment: '4-status-page',
    shows: 'whoever asks nginx reads the page that is for this machine alone',
    request: { url: `${SITE}/server-status` },
    harm: answer =>
      answer.response.status === 200 && answer.response.body.includes('Apache Status') && areAccepted(answer),
    sound: async ({ response, request }) =>
      response.status === 403 && (await request({ url: `${SITE}/` })).status === 200,
  },
  {
    deployment: '5-kept-connections',
    shows: 'idle connections of one site hold every worker, and the other site waits for seconds',
    request: { url: 'http://blog.example.org/' },
    harm: async answer => areAccepted(answer) && (await waitBehindKept(answer)) > 2500,
    sound: async answer => (await waitBehindKept(answer)) < 1000,
  },
  {
    deployment: '6-no-process-group',
    shows: 'the application answers from Apache’s own processes, as Apache’s user',
    request: { url: `${SITE}/` },
    harm: answer =>
      answer.response.status === 200 && answer.response.report?.process_group === '' && areAccepted(answer),
    sound: ({ response }) => response.report?.process_group === 'app',
  },
  {
    deployment: '7-shared-process-group',
    shows: 'one site answers with the pages of the other',
    request: { url: 'http://blog.example.org/' },
    harm: async answer =>
      answer.response.body === 'this is the blog' &&
      (await answer.request({ url: 'http://shop.example.org/' })).body === 'this is the blog' &&
      areAccepted(answer),
    sound: async ({ response, request }) =>
      response.body === 'this is the blog' &&
      (await request({ url: 'http://shop.example.org/' })).body === 'this is the shop',
  },
  {
    deployment: '8-redirect-changes-url',
    shows: 'a redirect turns part of the path into a query, and another lets the client write headers',
    request: { url: 'http://www.example.org/a%2Fb%20c%3Fd' },
    harm: async answer =>
      answer.response.headers.location === 'http://example.org/a/b%20c?d' &&
      (await answer.request({ url: `${SITE}/old/a%0d%0aX-Injected:1` })).headers['x-injected'] === '1' &&
      areAccepted(answer),
    sound: async ({ response, request }) =>
      response.headers.location === 'http://example.org/a%2Fb%20c%3Fd' &&
      (await request({ url: `${SITE}/old/a%0d%0aX-Injected:1` })).headers['x-injected'] === undefined,
  },
  {
    deployment: '9-old-access-words',
    shows: 'every page is a 403',
    request: { url: `${SITE}/` },
    harm: answer => answer.response.status === 403 && areAccepted(answer),
    sound: ({ response }) => response.status === 200,
  },
  {
    deployment: '10-time-zone',
    shows: 'the access log changes its time zone with the first page of the application',
    request: { url: 'http://club.example.org/robots.txt' },
    harm: async answer => {
      const zones = await loggedZones(answer)
      return zones.length === 2 && zones[1] === '+0545' && areAccepted(answer)
    },
    sound: async answer => (await loggedZones(answer)).length === 1,
  },
]
