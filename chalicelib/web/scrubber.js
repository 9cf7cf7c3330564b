/** A thumb at the edge that goes to any month at once. */

import { el } from './dom.js';
import { fractionAt, heightAt, sectionAt, yearsAlong } from './timeline_layout.js';
import { TEXTS, month } from './texts.js';

const ENOUGH_SCREENS = 2;
const REST_MS = 1200;
const TOP = 56;

export class Scrubber {
  #timer = 0;
  #frame = 0;
  #ended = new AbortController();

  constructor(timeline) {
    this.timeline = timeline;
    this.bubble = el('span', { class: 'bubble', 'aria-hidden': 'true' });
    this.thumb = el('div', { class: 'thumb', role: 'slider', tabindex: 0, 'aria-label': TEXTS.look.goToMonth, 'aria-orientation': 'vertical', 'aria-valuemin': 0 },
      this.bubble, el('span', { class: 'grip' }));
    this.years = el('div', { class: 'years', 'aria-hidden': 'true' });
    this.element = el('div', { class: 'scrubber', hidden: true }, this.years, this.thumb);
    const { signal } = this.#ended;
    timeline.addEventListener('laid', () => this.refresh(), { signal });
    addEventListener('scroll', () => this.#soon(), { passive: true, signal });
    addEventListener('resize', () => this.refresh(), { signal });
    this.thumb.addEventListener('keydown', (event) => this.#typed(event));
    this.thumb.addEventListener('pointerdown', (event) => this.#grab(event));
    this.years.addEventListener('click', ({ target }) => target.dataset.at && this.#scroll(Number(target.dataset.at)));
  }

  end() {
    this.#ended.abort();
    clearTimeout(this.#timer);
    cancelAnimationFrame(this.#frame);
  }

  refresh() {
    const { layout } = this.timeline;
    this.element.hidden = layout.height < innerHeight * ENOUGH_SCREENS;
    if (this.element.hidden) return;
    this.years.replaceChildren(...yearsAlong(layout).map(({ year, at }) => {
      const mark = el('span', { 'data-at': at }, year);
      mark.style.top = `${at * 100}%`;
      return mark;
    }));
    this.thumb.setAttribute('aria-valuemax', layout.sections.length - 1);
    this.#draw();
  }

  #soon() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
    this.element.classList.add('moving');
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.element.classList.remove('moving'), REST_MS);
  }

  #draw() {
    const { layout } = this.timeline;
    if (this.element.hidden || !layout.sections.length) return;
    const { top } = this.timeline;
    const y = scrollY - top;
    // It begins with the timeline; a hand that holds it is not led astray by that.
    if (!this.element.classList.contains('held')) this.element.style.top = `${Math.max(TOP, top - scrollY)}px`;
    const room = this.element.clientHeight - this.thumb.offsetHeight;
    const fraction = fractionAt(y, layout.height, innerHeight);
    this.thumb.style.transform = `translateY(${fraction * room}px)`;
    const at = sectionAt(layout, fraction === 1 ? layout.height : Math.max(0, y) + 1);
    const name = month(layout.sections[at].month);
    this.bubble.textContent = name;
    this.thumb.setAttribute('aria-valuenow', at);
    this.thumb.setAttribute('aria-valuetext', name);
  }

  /** Go to a fraction of all there is, from 0 to 1. */
  #scroll(fraction) {
    scrollTo(0, this.timeline.top + heightAt(fraction, this.timeline.layout.height, innerHeight));
  }

  #typed(event) {
    const { layout } = this.timeline;
    const now = Number(this.thumb.getAttribute('aria-valuenow'));
    const last = layout.sections.length - 1;
    const to = { ArrowUp: now - 1, ArrowLeft: now - 1, ArrowDown: now + 1, ArrowRight: now + 1, PageUp: now - 12, PageDown: now + 12, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    scrollTo(0, this.timeline.top + layout.sections[Math.min(last, Math.max(0, to))].top);
    this.#draw();
  }

  #grab(event) {
    event.preventDefault();
    this.thumb.focus({ preventScroll: true });
    this.thumb.setPointerCapture(event.pointerId);
    this.element.classList.add('held');
    const held = event.clientY - this.thumb.getBoundingClientRect().top;
    const drag = ({ clientY }) => {
      const box = this.element.getBoundingClientRect();
      this.#scroll((clientY - held - box.top) / (box.height - this.thumb.offsetHeight));
    };
    const drop = () => {
      this.element.classList.remove('held');
      this.thumb.removeEventListener('pointermove', drag);
    };
    this.thumb.addEventListener('pointermove', drag);
    for (const name of ['pointerup', 'pointercancel']) this.thumb.addEventListener(name, drop, { once: true });
  }
}
