import type { LiveAnswer, LiveCase } from '../live-case.ts'

const SITE = 'http://example.org:9000'

/** Milliseconds in which so many requests of half a second each are answered, all sent at once. */
async function together({ request }: LiveAnswer, count: number): Promise<number> {
  const started = performance.now()
  await Promise.all(Array.from({ length: count }, () => request({ url: `${SITE}/?sleep=0.5` })))
  return performance.now() - started
}

export const cases: readonly LiveCase[] = [
  {
    rule: 'sizing/mpm-workers-exceed-serverlimit',
    shows: 'httpd lowers the number when it starts',
    request: { url: `${SITE}/` },
    harm: ({ log }) => /AH00318|AH00319/.test(log),
    sound: ({ log }) => !/AH00318|AH00319/.test(log),
  },
  {
    rule: 'sizing/daemon-threads-exceed-apache-workers',
    shows: 'thirty requests wait for twenty workers though forty threads are idle',
    request: { url: `${SITE}/` },
    harm: async answer => (await together(answer, 30)) > 900,
    sound: async answer => (await together(answer, 30)) < 900,
  },
]
