/* SPDX-License-Identifier: MIT */
/*
 * parking.pml -- how workers of the pool sleep and are woken, in Promela.
 *
 * Two producers bring ITEMS tasks each, and the first one MORE, two workers run them. One step here is one atomic
 * operation there, so every interleaving of the sequentially consistent operations of
 * lib/pool/parking.c, ring.c and pool.c is tried. The ring is modelled with its one surprise: a
 * ticket is drawn before the task is in, and a taker that stands before such a slot takes the
 * ring for empty. The kernel wakes any of the sleepers: no order among them is relied upon.
 *
 * Checked: when nothing can move any more, every task has run (at `all_ran`); and in each
 * fair run every task is run (the claim `everything_runs`).
 *
 * Variants that must be caught: NO_RECHECK (a worker sleeps without a second look), NO_EPOCH
 * (the kernel does not compare the epoch), KEEP_CALL (a call is not taken back by who leaves),
 * and, where the tasks wait for each other (MEET), NO_CHAIN (a woken worker that sees more work
 * does not call the next).
 */
#ifndef ITEMS
#define ITEMS 1
#endif
#define PRODUCERS 2
#define WORKERS 2
#ifndef MORE
#define MORE 0
#endif
#define TOTAL (PRODUCERS * ITEMS + MORE)

/* the ring */
byte tail;
byte head;
bool filled[TOTAL];

/* the parking word; its changes are one step each, as they are by compare-and-swap there */
byte epoch;
byte called;
byte waiting;

/* the kernel: who sleeps */
bool asleep[WORKERS];

byte started;
byte ran;

#define has_task (head < TOTAL && filled[head])

/* futex wake of one: any sleeper, or none if nobody sleeps yet */
inline futex_wake() {
    if
    :: atomic { asleep[0] -> asleep[0] = false }
    :: atomic { asleep[1] -> asleep[1] = false }
    :: atomic { !asleep[0] && !asleep[1] -> skip }
    fi
}

/* ml__parking_wake(): a load of the word, then the swap if it is still the same */
inline wake() {
    atomic {
        seen_epoch = epoch;
        seen_called = called;
        seen_waiting = waiting
    }
    if
    :: seen_called > 0 -> skip
    :: else ->
        do
        :: seen_waiting <= seen_called -> break
        :: else ->
            atomic {
                if
                :: epoch == seen_epoch && called == seen_called && waiting == seen_waiting ->
                    epoch = (epoch + 1) % 8;
                    called++;
                    swapped = true
                :: else ->
                    seen_epoch = epoch;
                    seen_called = called;
                    seen_waiting = waiting;
                    swapped = false
                fi
            }
            if
            :: swapped -> futex_wake(); break
            :: else -> skip
            fi
        od
    fi;
    atomic { seen_epoch = 0; seen_called = 0; seen_waiting = 0; swapped = false }
}

/* ml__parking_leave() */
inline leave() {
    atomic {
        slept_on = 0;
        assert(waiting > 0 && called <= waiting);
        waiting--;
#ifndef KEEP_CALL
        if
        :: called > 0 -> called--
        :: else -> skip
        fi
#endif
    }
}

active [PRODUCERS] proctype producer() {
    byte ticket;
    byte left = ITEMS;
    byte seen_epoch;
    byte seen_called;
    byte seen_waiting;
    bool swapped;

    if
    :: _pid == 0 -> left = left + MORE
    :: else -> skip
    fi;
    do
    :: left == 0 -> break
    :: else ->
        atomic { ticket = tail; tail++ }
        filled[ticket] = true;
        wake();
        left--
    od
}

active [WORKERS] proctype worker() {
    byte me = _pid - PRODUCERS;
    byte seen_epoch;
    byte seen_called;
    byte seen_waiting;
    byte slept_on;
    bool swapped;
    bool just_woken = false;

end_loop:
    do
    :: atomic { has_task -> head++ }
        if
#ifndef NO_CHAIN
        :: just_woken && has_task -> wake()
#endif
        :: else -> skip
        fi;
        just_woken = false;
        started++;
#ifdef MEET
        started == TOTAL; /* waits until all have a thread each */
#endif
        ran++
    :: !has_task -> /* a task that comes in here is what the second look is for */
        atomic { waiting++; slept_on = epoch }
        if
#ifndef NO_RECHECK
        :: has_task -> skip
        :: !has_task ->
#else
        :: true ->
#endif
            if
#ifndef NO_EPOCH
            :: atomic { epoch != slept_on -> skip }
            :: atomic { epoch == slept_on -> asleep[me] = true };
#else
            :: asleep[me] = true;
#endif
end_asleep:
                !asleep[me]
            fi
        fi;
        leave();
        just_woken = true
    od
}

/* Nothing can move: then everything must have run. */
active proctype all_ran() {
    timeout;
    assert(ran == TOTAL && called == 0)
}

ltl everything_runs { <> (ran == TOTAL) }
