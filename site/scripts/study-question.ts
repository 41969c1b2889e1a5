/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** One question at a time: shows it, takes answers by keyboard, mouse or touch, and measures how long it was looked at. */
import type { Answer } from '../../data/schema.ts';
import type { PackedStudy } from '../view/study.ts';
import { type Pictures, showPicture } from './study-pictures.ts';
import { splitWords } from './study-sitting.ts';

const MOST_WORDS = 5;
const STEPS = ['choice', 'confidence', 'nameable'] as const;
type Step = (typeof STEPS)[number];
/** What an answer to each step is asked by, for those who hear the page. */
const PROMPTS: Record<Step | 'words', string> = {
  choice: 'Choose left or right.',
  confidence: 'How sure are you? 1 to 3.',
  nameable: 'Could you name it? 1 to 5.',
  words: '',
};
const ABOUT: Record<string, string> = {
  renders: 'An optimiser made these to excite one unit:',
  images: 'These are the images that excite one unit most:',
};

/** The form of the questions. `onAnswer` is told of a whole answer; `onTick` of seconds spent, whenever the page is left. */
export class QuestionForm {
  readonly #form: HTMLFormElement;
  readonly #study: PackedStudy;
  readonly #onAnswer: (answer: Answer) => void;
  #trial = '';
  /** Seconds looked at the question before `#since`. */
  #seconds = 0;
  #since: number | undefined;

  constructor(form: HTMLFormElement, study: PackedStudy, onAnswer: (answer: Answer) => void, onTick: (seconds: number) => void) {
    this.#form = form;
    this.#study = study;
    this.#onAnswer = onAnswer;
    form.addEventListener('keydown', (event) => this.#press(event));
    form.addEventListener('change', () => this.#mark());
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    document.addEventListener('visibilitychange', () => {
      if (this.#since === undefined && !document.hidden && this.#trial) this.#since = performance.now();
      else if (document.hidden) this.#pause();
      if (document.hidden && this.#trial) onTick(this.#seconds);
    });
  }

  /** Shows question `number` of `of`, counted from 1. `seconds` were spent on it on an earlier visit. */
  show(trial: PackedStudy['trials'][number], pictures: Pictures, { number, of, seconds }: { number: number; of: number; seconds: number }) {
    const [id, kind, explanation, ...queries] = trial;
    this.#trial = id;
    this.#form.reset();
    this.#part('#study-question').textContent = `Question ${number} of ${of}`;
    this.#part('#study-about').textContent = ABOUT[this.#study.kinds[kind] ?? ''] ?? '';
    const progress = this.#form.querySelector('progress');
    if (progress) progress.value = (number - 1) / of;
    const shown = this.#part('.study-pictures');
    shown.replaceChildren();
    for (const spot of this.#form.querySelectorAll('.study-query')) spot.replaceChildren();
    shown.dataset.n = String(explanation.length);
    // One by one: a picture that is shown already must be seen to be, and be copied.
    for (const [i, picture] of explanation.entries()) shown.append(showPicture(pictures, picture, `Explanation ${i + 1}`));
    for (const [i, spot] of [...this.#form.querySelectorAll('.study-query')].entries())
      spot.append(showPicture(pictures, queries[i] ?? 0, i === 0 ? 'Left picture' : 'Right picture'));
    this.#mark();
    this.#part('#study-question').focus({ preventScroll: true });
    this.#form.scrollIntoView({ block: 'start' });
    this.#seconds = seconds;
    this.#since = document.hidden ? undefined : performance.now();
  }

  /** Stops the clock for good. */
  end(): void {
    this.#pause();
    this.#trial = '';
  }

  #pause(): void {
    if (this.#since !== undefined) this.#seconds += (performance.now() - this.#since) / 1000;
    this.#since = undefined;
  }

  #part(selector: string): HTMLElement {
    const found = this.#form.querySelector<HTMLElement>(selector);
    if (!found) throw new Error(`The page has no ${selector}.`);
    return found;
  }

  #value(step: Step): string {
    return String(new FormData(this.#form).get(step) ?? '');
  }

  /** The first step without an answer. */
  #open(): Step | 'words' {
    return STEPS.find((step) => this.#value(step) === '') ?? 'words';
  }

  /** Shows which step the digits answer. */
  #mark(): void {
    const open = this.#open();
    for (const part of this.#form.querySelectorAll<HTMLElement>('[data-step]')) part.classList.toggle('open', part.dataset.step === open);
    this.#say(PROMPTS[open]);
  }

  #say(text: string): void {
    this.#part('#study-hint').textContent = text;
  }

  /** Only while the focus is in the question (WCAG 2.1.4), and not where the key means something to the field it is in. */
  #press(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey || !(event.target instanceof HTMLElement)) return;
    const typing = event.target instanceof HTMLInputElement && event.target.type === 'text';
    if (event.key === 'Escape') this.#back();
    else if (typing) return;
    else if (event.key === 'Enter' && !event.target.closest('button, input')) this.#submit();
    else if ((event.key === 'ArrowLeft' || event.key === 'ArrowRight') && !event.target.closest('.study-scale'))
      this.#answer('choice', event.key === 'ArrowLeft' ? 'left' : 'right');
    else if (/^[1-5]$/.test(event.key)) {
      const open = this.#open();
      if (open === 'confidence' || open === 'nameable') this.#answer(open, event.key);
    } else return;
    event.preventDefault();
  }

  #answer(step: Step, value: string): void {
    const option = this.#form.querySelector<HTMLInputElement>(`input[name="${step}"][value="${value}"]`);
    if (!option) return;
    option.checked = true;
    this.#mark();
    if (this.#open() === 'words' && step !== 'choice') this.#part('#study-words').focus();
  }

  /** Takes the last answer back. */
  #back(): void {
    const last = STEPS.toReversed().find((step) => this.#value(step) !== '');
    for (const option of this.#form.querySelectorAll<HTMLInputElement>(`input[name="${last}"]`)) option.checked = false;
    this.#mark();
    this.#part('#study-question').focus({ preventScroll: true });
  }

  #submit(): void {
    const open = this.#open();
    if (open !== 'words') {
      this.#form.querySelector<HTMLInputElement>(`input[name="${open}"]`)?.focus();
      this.#say(`Not yet: ${PROMPTS[open]}`);
      return;
    }
    const words = splitWords(String(new FormData(this.#form).get('words') ?? ''));
    if (words.length > MOST_WORDS || words.some((word) => word.length > 40)) {
      this.#part('#study-words').focus();
      this.#say(words.length > MOST_WORDS ? `Five words at most, please; these are ${words.length}.` : 'One of these words is too long.');
      return;
    }
    this.#pause();
    this.#onAnswer({
      trial: this.#trial,
      choice: this.#value('choice') === 'left' ? 'left' : 'right',
      confidence: Number(this.#value('confidence')),
      nameable: Number(this.#value('nameable')),
      words,
      seconds: Math.round(this.#seconds * 10) / 10,
    });
  }
}
