import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import type { LiveAnswer, LiveCase } from '../live-case.ts'

const SITE = 'http://example.org:9000'

/** Milliseconds in which so many requests of half a second each are answered, all sent at once. */
async function together({ request }: LiveAnswer, count: number): Promise<number> {
  const started = performance.now()
  await Promise.all(Array.from({ length: count }, () => request({ url: `${SITE}/?sleep=0.5` })))
  return performance.now() - started
}

const pause = (milliseconds: number) => new Promise(resolve => setTimeout(resolve, milliseconds))

/**
 * Milliseconds that Apache takes for a request just after nginx has handed it a burst: when all of that is answered, or
 * nothing more is for a while, which is when every worker waits on an idle connection.
 */
async function besideIdleConnections({ request }: LiveAnswer): Promise<number> {
  let answered = 0
  for (let count = 0; count < 15; count++) void request({ url: 'http://example.org/' }).then(() => answered++)
  for (let before = -1; answered < 15 && answered > before; ) {
    before = answered
    await pause(300)
  }
  const started = performance.now()
  await request({ url: `${SITE}/` })
  return performance.now() - started
}

/** True where one of some bursts is followed so: of a busy machine a single one tells little. */
async function isOnce(answer: LiveAnswer, isMeant: (milliseconds: number) => boolean): Promise<boolean> {
  for (let attempt = 0; attempt < 4; attempt++) if (isMeant(await besideIdleConnections(answer))) return true
  return false
}

/** Milliseconds that a static file takes while a dozen slow pages are asked for. */
async function besideSlowPages({ request }: LiveAnswer): Promise<number> {
  for (let count = 0; count < 12; count++) void request({ url: 'http://example.org/?sleep=0.3' })
  await pause(150)
  const started = performance.now()
  const { status } = await request({ url: 'http://example.org/static/site.css' })
  return status === 200 ? performance.now() - started : Number.NaN
}

/**
 * The status of a POST that nginx sends on a connection which the backend has just closed. The race is made
 * to happen: the worker process is halted between the two events, as a busy one is without a signal.
 */
async function postInTheGap({ request }: LiveAnswer): Promise<number> {
  await request({ url: 'http://example.org/' })
  const client = connect({ port: 80, host: '127.0.0.1' })
  await pause(1400)
  const master = readFileSync('/run/nginx.pid', 'utf8').trim()
  const workers = readFileSync(`/proc/${master}/task/${master}/children`, 'utf8')
    .trim()
    .split(' ')
    .map(Number)
  for (const worker of workers) process.kill(worker, 'SIGSTOP')
  client.write('POST / HTTP/1.1\r\nHost: example.org\r\nContent-Length: 1\r\n\r\nx')
  await pause(1200)
  const answer = new Promise<number>(resolve => {
    client.once('data', data => resolve(Number(data.toString('latin1').split(' ')[1])))
    client.once('close', () => resolve(0))
  })
  for (const worker of workers) process.kill(worker, 'SIGCONT')
  const status = await answer
  client.destroy()
  return status
}

/** The answers to several requests that the backend takes two seconds for, sent all at once. */
async function slowTogether({ request }: LiveAnswer, count: number): Promise<readonly number[]> {
  const url = 'http://example.org/?events'
  const answers = await Promise.all(Array.from({ length: count }, () => request({ url })))
  return answers.map(({ status }) => status)
}

/** Says whether the application is told that it runs in several processes. */
const MULTIPROCESS = `def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(environ["wsgi.multiprocess"]).encode()]
`

/** Keeps the client's name where every thread of the process writes it, as a library in C may. */
const THREAD_UNSAFE = `import time

current = None


def application(environ, start_response):
    global current
    current = environ["QUERY_STRING"]
    time.sleep(0.2)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [current.encode()]
`

export const cases: readonly LiveCase[] = [
  {
    rule: 'sizing/keepalive-connection-close',
    examples: { bad: 'the map of the documentation', good: 'an empty text' },
    shows: 'the backend is asked to close the connection',
    mirrors: [9000],
    request: { url: 'http://example.org/' },
    harm: ({ response }) => response.report?.HTTP_CONNECTION === 'close',
    sound: ({ response }) => response.report !== null && response.report.HTTP_CONNECTION !== 'close',
  },
  {
    rule: 'sizing/daemon-thread-unsafe',
    shows: 'clients get the page of another one',
    examples: { bad: 'an application that its owner calls unsafe', good: 'one thread each' },
    files: { 'srv/app/wsgi.py': THREAD_UNSAFE },
    request: { url: `${SITE}/?first` },
    harm: async ({ response, request }) => {
      const names = ['a', 'b', 'c', 'd', 'e', 'f']
      const answers = await Promise.all(names.map(name => request({ url: `${SITE}/?${name}` })))
      return (
        response.status === 200 &&
        answers.some(({ body }, index) => names.includes(body) && body !== names[index])
      )
    },
  },
  {
    rule: 'sizing/mpm-workers-exceed-serverlimit',
    examples: { bad: 'four processes of five threads for 150 requests', good: 'as Debian ships it' },
    shows: 'httpd lowers the number when it starts',
    request: { url: `${SITE}/` },
    harm: ({ log }) => /AH00318|AH00319/.test(log),
    sound: ({ log }) => !/AH00318|AH00319/.test(log),
  },
  {
    rule: 'sizing/daemon-threads-exceed-apache-workers',
    examples: { bad: 'forty threads behind twenty workers', good: 'fewer threads than workers' },
    shows: 'thirty requests wait for twenty workers though forty threads are idle',
    request: { url: `${SITE}/` },
    harm: async answer => (await together(answer, 30)) > 900,
    sound: async answer => (await together(answer, 30)) < 900,
  },
  {
    rule: 'sizing/apache-workers-starved-by-daemon',
    examples: {
      bad: 'one thread behind ten workers, and static files of Apache’s',
      good: 'nginx serves them',
    },
    shows: 'a static file waits while a dozen slow pages hold every worker',
    files: { 'opt/app/static/site.css': 'body {}\n' },
    request: { url: 'http://example.org/' },
    harm: async answer => (await besideSlowPages(answer)) > 400,
    sound: async answer => (await besideSlowPages(answer)) < 200,
  },
  {
    rule: 'sizing/keepalive-timeout-race',
    examples: { bad: 'nginx keeps them a minute, Apache two seconds', good: 'nginx gives up first' },
    shows: 'a POST that meets a connection Apache has closed is a 502',
    request: { url: 'http://example.org/' },
    harm: async answer => (await postInTheGap(answer)) === 502,
    sound: async answer => (await postInTheGap(answer)) === 200,
  },
  {
    rule: 'sizing/mpm-threads-exceed-threadlimit',
    examples: { bad: 'a hundred threads and no limit written', good: 'the limit raised first' },
    shows: 'httpd lowers the threads when it starts',
    request: { url: `${SITE}/` },
    harm: ({ log }) => /ThreadsPerChild of 100 exceeds ThreadLimit/.test(log),
  },
  {
    rule: 'sizing/mpm-workers-not-multiple',
    examples: { bad: 'a round number', good: 'six processes of twenty-five' },
    shows: 'httpd lowers the workers when it starts',
    request: { url: `${SITE}/` },
    harm: ({ log }) => /MaxRequestWorkers of 150 is not an integer multiple/.test(log),
  },
  {
    rule: 'sizing/nginx-keepalive-pins-workers',
    shows: 'a request waits for seconds while every worker holds an idle connection',
    examples: { bad: 'sixteen kept connections, ten workers', good: 'the event MPM' },
    // Apache's own limit of five seconds is what is waited for, with time to spare.
    smaller: { 'keepalive_timeout 2s': 'keepalive_timeout 9s' },
    request: { url: 'http://example.org/' },
    harm: answer => isOnce(answer, milliseconds => milliseconds > 1500),
    sound: answer => isOnce(answer, milliseconds => milliseconds < 1500),
  },
  {
    rule: 'sizing/daemon-processes-1-explicit',
    examples: { bad: 'one, written out', good: 'one, as nothing is written' },
    shows: 'the application is told of several processes',
    files: { 'opt/app/wsgi.py': MULTIPROCESS },
    request: { url: `${SITE}/` },
    harm: ({ response }) => response.body === 'True',
    sound: ({ response }) => response.body === 'False',
  },
  {
    rule: 'sizing/nginx-worker-connections',
    examples: { bad: 'as many files as connections', good: 'twice as many' },
    shows: 'requests fail for want of files while connections are left',
    smaller: { '4096': '32', '8192': '64' },
    mirrors: [9000],
    request: { url: 'http://example.org/' },
    harm: async answer => {
      await slowTogether(answer, 13)
      return /Too many open files/.test(answer.logNow())
    },
    sound: async answer =>
      (await slowTogether(answer, 13)).every(status => status === 200) &&
      !/Too many open files/.test(answer.logNow()),
  },
  {
    rule: 'sizing/upstream-keepalive-ineffective',
    examples: { bad: 'keepalive alone', good: 'with what it needs' },
    shows: 'the backend is asked to close every connection',
    mirrors: [9000],
    request: { url: 'http://example.org/' },
    harm: ({ response }) => response.report?.HTTP_CONNECTION === 'close',
    sound: ({ response }) =>
      response.report?.SERVER_PROTOCOL === 'HTTP/1.1' && response.report.HTTP_CONNECTION === undefined,
  },
]
