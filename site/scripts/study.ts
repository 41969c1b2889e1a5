/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** The study's island: welcome, questions, end. Answers are kept in this browser; nothing is sent. */
import type { Answer } from '../../data/schema.ts';
import type { PackedStudy } from '../view/study.ts';
import { fetchPictures, type Pictures } from './study-pictures.ts';
import { QuestionForm } from './study-question.ts';
import { beginSitting, chooseSession, forgetSitting, keepSitting, keptSitting, ratingsFile, type Sitting } from './study-sitting.ts';

function part<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no #${id}.`);
  return found as T;
}

const study: PackedStudy = JSON.parse(part('study-data').textContent ?? '');
const start = part<HTMLFormElement>('study-start');
const sections = ['study-welcome', 'study-trial', 'study-end'].map((id) => part(id));
const questions = new QuestionForm(part<HTMLFormElement>('study-trial'), study, take, (seconds) => keep({ seconds }));
let sitting: Sitting | undefined = keptSitting(study);
let drawn = chooseSession(location.hash, study.sessions.length);
let pictures: Pictures = new Map();
/** Whether the answers are in a file by now. */
let saved = false;

const trialsOf = (session: number) => (study.sessions[session - 1] ?? []).flatMap((at) => (study.trials[at] ? [study.trials[at]] : []));

function showSection(id: string): void {
  for (const section of sections) section.hidden = section.id !== id;
}

/** What the welcome says, for a first visit, for one who comes back, and for one who is through. */
function welcome(): void {
  showSection('study-welcome');
  start.hidden = false;
  part('study-forget').hidden = sitting === undefined;
  const go = start.querySelector('button');
  const consent = start.querySelector<HTMLElement>('.study-consent');
  if (consent) consent.hidden = sitting !== undefined;
  if (go) go.textContent = sitting ? 'Go on' : 'Begin';
  const all = study.sessions.length;
  const said = drawn.unknown === undefined ? '' : `There is no session “${drawn.unknown}”. `;
  part('study-session').textContent = sitting
    ? `Welcome back to session ${sitting.session}: ${sitting.answers.length} of ${trialsOf(sitting.session).length} questions are answered.`
    : `${said}${drawn.drawn ? `Session ${drawn.session} of ${all} was drawn for you.` : `This is session ${drawn.session} of ${all}.`}`;
}

async function begin(): Promise<void> {
  const trouble = part('study-trouble');
  trouble.textContent = '';
  const consent = start.querySelector<HTMLInputElement>('[name=consent]');
  if (!sitting && !consent?.checked) {
    trouble.textContent = 'Please say first that you want to take part.';
    consent?.focus();
    return;
  }
  // The checksum of the file needs it; better said now than after the last question.
  if (!globalThis.crypto?.subtle) {
    trouble.textContent =
      'This page was not opened over https, so the browser could not seal your file. Please open it by an https address.';
    return;
  }
  sitting ??= beginSitting(drawn.session);
  const loading = part('study-loading');
  const bar = loading.querySelector('progress');
  [start.hidden, loading.hidden] = [true, false];
  const wanted = trialsOf(sitting.session).flatMap(([, , explanation, left, right]) => [...explanation, left, right]);
  try {
    pictures = await fetchPictures(wanted, study.pictures, (done, of) => {
      if (bar) bar.value = done / of;
    });
    next();
  } catch {
    start.hidden = false;
    trouble.textContent = 'Some pictures did not come. Please see to the connection and try again: no answer is lost.';
  }
  loading.hidden = true;
}

/** The next question without an answer, or the end. */
function next(): void {
  if (!sitting) return;
  const trials = trialsOf(sitting.session);
  const number = sitting.answers.length + 1;
  const trial = trials[number - 1];
  if (trial) {
    showSection('study-trial');
    questions.show(trial, pictures, { number, of: trials.length, seconds: sitting.seconds });
  } else finish();
}

function take(answer: Answer): void {
  if (!sitting) return;
  keep({ answers: [...sitting.answers, answer], seconds: 0, finished: new Date().toISOString() });
  next();
}

function keep(change: Partial<Sitting>): void {
  if (!sitting) return;
  sitting = { ...sitting, ...change };
  document.documentElement.toggleAttribute('data-study-unkept', !keepSitting(study, sitting));
}

function finish(): void {
  questions.end();
  showSection('study-end');
  const lead = part('study-end').querySelector('.lead');
  if (lead && sitting)
    lead.textContent = `All ${sitting.answers.length} questions of session ${sitting.session} are answered. One thing is left: the file.`;
  part('study-thanks').focus();
}

async function save(): Promise<void> {
  if (!sitting) return;
  const { name, text } = await ratingsFile(study, sitting);
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  saved = true;
  part('study-saved').textContent = `Saved as ${name}.`;
}

/** Forgets the sitting and is as new; what would be lost is asked about. */
function restart(): void {
  if (!saved && sitting && !confirm(`Delete your ${sitting.answers.length} answers? They are in no file yet.`)) return;
  saved = false;
  forgetSitting(study);
  sitting = undefined;
  drawn = chooseSession(location.hash, study.sessions.length);
  start.reset();
  part('study-saved').textContent = '';
  welcome();
  part('study-title').focus();
}

start.addEventListener('submit', (event) => {
  event.preventDefault();
  void begin();
});
part('study-save').addEventListener('click', () => void save());
for (const id of ['study-forget', 'study-delete', 'study-again']) part(id).addEventListener('click', restart);
addEventListener('hashchange', () => {
  if (sitting) return;
  drawn = chooseSession(location.hash, study.sessions.length);
  welcome();
});

part('study-scriptless').remove();
if (sitting && sitting.answers.length === trialsOf(sitting.session).length) finish();
else welcome();
